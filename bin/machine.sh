# shellcheck shell=sh
# What a machine needs before our Python runs: the distribution's packages and .venv.
# Sourced by the programs beside it.

root=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd -P) || exit 1
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # daemons live there, an ordinary user's PATH stops short
export PATH

python=/usr/bin/python3
policy=/usr/sbin/policy-rc.d
policy_mark='Written by paas for the length of one apt-get'

# program:package. A program that is there from elsewhere (docker-ce, say) is not asked for again.
# shellcheck disable=SC2034 # for the programs that source this
platform_packages='iptables:iptables redis-server:redis-server haproxy:haproxy git:git
    ssh:openssh-client mmdebstrap:mmdebstrap curl:curl'
# shellcheck disable=SC2034
test_packages='sshd:openssh-server systemd-analyze:systemd busybox:busybox-static
    plink:putty-tools docker-registry:docker-registry openssl:openssl ip:iproute2
    mkfs.ext4:e2fsprogs'

step() { printf -- '-----> %s\n' "$*"; }
detail() { printf '       %s\n' "$*"; }
die() {
    printf ' !     %s\n' "$*" >&2
    exit 1
}

# Installs what is missing, in one apt-get. Arguments: lists of program:package.
need_packages() {
    missing=$(missing_packages "$*")
    [ -z "$missing" ] && return
    if ! command -v apt-get >/dev/null; then
        die "this distribution has no apt-get: install$missing (Debian's names) with its own package manager, then run this again"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        die "missing packages, which only root can install: sudo apt-get install --no-install-recommends$missing"
    fi
    step "Installing packages:$missing"
    hold_services
    run apt-get -q update
    # shellcheck disable=SC2086 # a list of package names
    run env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 install $missing
    status=$?
    release_services
    [ "$status" -eq 0 ] || die "apt-get could not install$missing; its last lines are above"
    for service in redis-server haproxy docker-registry; do keep_off "$service" "$service"; done
    keep_off ssh openssh-server
}

missing_packages() {
    for pair in $1; do
        command -v "${pair%%:*}" >/dev/null || printf ' %s' "${pair#*:}"
    done
    [ -e /etc/ssl/certs/ca-certificates.crt ] || printf ' ca-certificates'
    "$python" -c 'import ensurepip, venv' 2>/dev/null || printf ' python3-venv'
    # A Docker that is somewhere else, or answers already, is good enough.
    if [ -z "${PAAS_DOCKER_HOST:-}" ] && [ ! -S /var/run/docker.sock ]; then
        command -v dockerd >/dev/null || printf ' docker.io'
    fi
}

# Debian starts a service as soon as its package is unpacked. The platform runs a Redis and a
# HAProxy of its own, so for the length of the apt-get those are refused; a policy that the
# machine has already is left alone. Where no systemd starts Docker, we do, with our options.
hold_services() {
    [ -e "$policy" ] && ! grep -q "$policy_mark" "$policy" && return
    trap release_services EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    refused='redis*|haproxy*|ssh|ssh.*|sshd*|docker-registry*'
    [ -d /run/systemd/system ] || refused="$refused|docker*|containerd*"
    cat >"$policy" <<POLICY
#!/bin/sh
# $policy_mark: it starts its own.
case \$1 in $refused) exit 101 ;; esac
exit 0
POLICY
    chmod 755 "$policy"
}

release_services() {
    grep -qs "$policy_mark" "$policy" && rm -f "$policy"
    trap - EXIT INT TERM HUP
}

# A service that came with a package just installed stays off after a reboot too.
keep_off() {
    case " $missing " in *" $2 "*) ;; *) return ;; esac
    command -v update-rc.d >/dev/null && update-rc.d "$1" disable >/dev/null 2>&1
}

# Makes .venv hold exactly a lock's libraries. Argument: the lock's file name.
need_libraries() {
    version=$(basename -- "$(readlink -f -- "$python")") # python3.11: another one starts anew
    stamp=$root/.venv/$1.$version
    exec 9<"$root"
    if command -v flock >/dev/null; then flock 9; fi # two of us at once take turns
    if ! cmp -s "$root/$1" "$stamp"; then
        step "Installing the Python libraries of $1"
        install_libraries "$root/$1" || die "could not install the libraries of $1; the last lines are above"
        cp "$root/$1" "$stamp"
    fi
    exec 9<&-
}

install_libraries() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "Python 3.11 or newer is needed, and $python is $("$python" -V 2>&1)"
    if ! { [ -d "$root/.venv/lib/$version" ] && "$root/.venv/bin/python" -m pip --version; } >/dev/null 2>&1; then
        run "$python" -m venv --clear "$root/.venv" || return 1
    fi
    run "$root/.venv/bin/python" -m pip --disable-pip-version-check --no-input install \
        --progress-bar off --require-hashes -r "$1"
}

# Runs a command: its newest line is shown on a terminal, its last lines when it fails.
run() {
    output=$(mktemp) || exit 1
    if [ -t 1 ]; then
        {
            "$@" </dev/null 2>&1 9<&-
            echo $? >"$output.status"
        } | tee "$output" | spin
        status=$(cat "$output.status")
    else
        "$@" </dev/null >"$output" 2>&1 9<&-
        status=$?
    fi
    [ "$status" -eq 0 ] || tail -n 20 "$output" | sed 's/^/       /' >&2
    rm -f "$output" "$output.status"
    return "$status"
}

spin() {
    frames='-+'
    while IFS= read -r line; do
        rest=${frames#?}
        frame=${frames%"$rest"}
        frames=$rest$frame
        printf '\r\033[K     %s %.70s' "$frame" "$line"
    done
    printf '\r\033[K'
}

# Becomes a module of ours.
become() {
    export PYTHONPATH="$root:$root/bin"
    exec "$root/.venv/bin/python" -P -m "$@"
}
