"""What Redis does in one step when routes are flipped, read and claimed."""

from releases.store import keys

_NAMES = f"""
local EPOCH, VERSION = '{keys.ROUTER_EPOCH}', '{keys.ROUTER_VERSION}'
local CHANGED, WAKE_ROUTERS = '{keys.ROUTER_CHANGED}', '{keys.WAKE_ROUTERS}'
local FRONTEND, DEAD = '{keys.frontend("")}', '{keys.dead("")}'
local WEIGHTS = '{keys.weights("")}'
"""
# Writes the lists and weights of one app's hosts and removes those it no longer has. What is
# unchanged is left alone; if nothing changed the version stays. Hipache's `dead:` set holds
# indexes into the old list, so it goes with every write (a stale one made Hipache answer 502,
# measured).
_PUBLISH = (
    _NAMES
    + """
local function publish(app, published, wanted, epoch)
  redis.call('SET', EPOCH, epoch, 'NX')
  local changed = {}
  for host, route in pairs(wanted) do
    local now = redis.call('LRANGE', FRONTEND .. host, 0, -1)
    local weights = redis.call('GET', WEIGHTS .. host) or ''
    if table.concat(now, '\\n') ~= table.concat(route.list, '\\n') or weights ~= route.weights then
      redis.call('DEL', FRONTEND .. host, DEAD .. host, WEIGHTS .. host)
      redis.call('RPUSH', FRONTEND .. host, unpack(route.list))
      if route.weights ~= '' then redis.call('SET', WEIGHTS .. host, route.weights) end
      changed[#changed + 1] = host
    end
    redis.call('SADD', published, host)
  end
  for _, host in ipairs(redis.call('SMEMBERS', published)) do
    if not wanted[host] then
      redis.call('SREM', published, host)
      -- another app may have claimed and published it since
      if redis.call('LINDEX', FRONTEND .. host, 0) == app then
        redis.call('DEL', FRONTEND .. host, DEAD .. host, WEIGHTS .. host)
        changed[#changed + 1] = host
      end
    end
  end
  if #changed == 0 then return tonumber(redis.call('GET', VERSION) or '0') end
  local version = redis.call('INCR', VERSION)
  for _, host in ipairs(changed) do redis.call('ZADD', CHANGED, version, host) end
  redis.call('PUBLISH', WAKE_ROUTERS, tostring(version))
  return version
end
"""
)
# Moves `live` and all that goes with it. The answer is the version of the routes, or why not.
FLIP = (
    _PUBLISH
    + """
local lock, app, config, published, retiring, release, staged, watched = unpack(KEYS)
local to = cjson.decode(ARGV[1])
local number = string.format('%d', to.release)
local held = redis.call('GET', lock)
if not held or tostring(cjson.decode(held).token) ~= to.token then return -1 end
local status = redis.call('HGET', release .. number, 'status')
for _, ended in ipairs(to.ended) do if status == ended then return -2 end end
local old = redis.call('HGET', app, 'live')
local before = old and string.format('%d', cjson.decode(old).release)
if before ~= number then redis.call('HSET', app, 'live_since', to.now) end
if old and before ~= number then
  if to.blames == '' then
    redis.call('HSET', release .. before, 'status', 'superseded')
    redis.call('HSET', app, 'previous', old)
  else
    redis.call('HSET', release .. before, 'status', 'failed', 'reason', to.blames)
    redis.call('HDEL', app, 'previous')
  end
end
redis.call('HSET', release .. number, 'status', 'live')
local version = publish(to.app, published, to.wanted, to.epoch)
-- counts asked for process types that this release lacks wait for one that has them
local formation = cjson.decode(redis.call('HGET', app, 'formation') or '{}')
for name, count in pairs(to.formation) do formation[name] = count end
redis.call('HSET', app, 'live', to.live, 'formation', cjson.encode(formation),
           'flipped_at', to.now, 'routed_at', version)
redis.call('HDEL', app, 'target')
if to.due then
  local first = (not old or redis.call('HEXISTS', app, 'unseeded') == 1) and ' first' or ' later'
  redis.call('HSET', app, 'due', number .. first)
end
if redis.call('HGET', app, 'canary') == to.ends_canary then redis.call('HDEL', app, 'canary') end
if old and before ~= number and to.watch_until > 0 then  -- a first one has nothing to go back to
  redis.call('ZADD', watched, to.watch_until, to.app)
end
redis.call('SET', config, ARGV[2])
-- unless more was staged since
if redis.call('HGET', staged, 'version') == to.staged then redis.call('DEL', staged) end
redis.call('SADD', retiring, to.app)
redis.call('PUBLISH', to.wake, to.app)
return version
"""
)
PUBLISH = (
    _PUBLISH
    + """
local held = redis.call('GET', KEYS[1])
if not held or tostring(cjson.decode(held).token) ~= ARGV[1] then return -1 end
local version = publish(ARGV[2], KEYS[2], cjson.decode(ARGV[3]), ARGV[4])
if redis.call('HEXISTS', KEYS[3], 'live') == 1 then
  redis.call('HSET', KEYS[3], 'flipped_at', ARGV[5], 'routed_at', version)
end
return version
"""
)
UNROUTE = _PUBLISH + "return publish(ARGV[1], KEYS[1], {}, ARGV[2])"
CHANGES = (
    _NAMES
    + """
local since = ARGV[1]
local answer = {redis.call('GET', EPOCH) or '',
                redis.call('GET', VERSION) or '0'}
for _, host in ipairs(redis.call('ZRANGEBYSCORE', CHANGED, '(' .. since, '+inf')) do
  answer[#answer + 1] = {host, redis.call('GET', WEIGHTS .. host) or '',
                         redis.call('LRANGE', FRONTEND .. host, 0, -1)}
end
return answer
"""
)
CLAIM = """
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
return 1
"""
GIVE_BACK = """
if redis.call('SREM', KEYS[2], ARGV[1]) == 0 then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
"""
