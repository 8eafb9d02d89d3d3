
# Debian mends a line of Ruby and leaves its number as it is: 3.1.2 has what 3.1.4 had to mend.
# So a Gemfile that asks for another number of the same line is content with it.
module AnyPatchLevel
  def diff(other)
    found = super
    found unless found && %i[version patchlevel].include?(found.first) && same_line?(other)
  end

  private

  def same_line?(other)
    line = other.versions.first[/\A\d+\.\d+/]
    versions.all? { |wanted| wanted[/\d+\.\d+/] == line }
  end
end
Bundler::RubyVersion.prepend(AnyPatchLevel)
