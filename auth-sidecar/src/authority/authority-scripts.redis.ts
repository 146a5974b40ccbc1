// The scripts behind `authority-log.redis.ts`. They compare and write; they know no rule about authority. The first line
// of each lets Redis refuse it as a whole, before it has done anything, on a replica and where writing is not possible;
// `allow-oom` marks those that add nothing, so that a full Redis can still be asked.

/** Without the last event's line: nobody who asks about a credential needs it. */
const readPlace = `redis.call('HMGET', KEYS[1], 'epoch', 'startedAtMs', 'sequence')`
const readHead = `redis.call('HMGET', KEYS[1], 'epoch', 'startedAtMs', 'sequence', 'line')`

const isHeadAsBefore = `
local known = redis.call('HMGET', KEYS[1], 'epoch', 'sequence')
if (known[1] or '') ~= ARGV[1] or (known[2] or '') ~= ARGV[2] then return 0 end`

/** KEYS: head, records. */
const look = `#!lua flags=allow-oom
if #KEYS == 1 then return { ${readPlace}, {} } end
return { ${readPlace}, redis.call('MGET', unpack(KEYS, 2)) }`

/**
 * KEYS: head, stream, records. ARGV: epoch, number, channel, how many events are kept, how many records; a text and a
 * life for each of those; lines. A stream that does not take the next number holds what is not ours, and goes.
 */
const commit = `#!lua
${isHeadAsBefore}
local at = 6
for index = 3, 2 + tonumber(ARGV[5]) do
  redis.call('SET', KEYS[index], ARGV[at], 'PX', ARGV[at + 1])
  at = at + 2
end
for index = at, #ARGV do
  local id = redis.call('HINCRBY', KEYS[1], 'sequence', 1) .. '-0'
  local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], id, 'line', ARGV[index])
  if type(added) == 'table' and added['err'] then
    redis.call('DEL', KEYS[2])
    redis.call('XADD', KEYS[2], id, 'line', ARGV[index])
  end
  redis.call('PUBLISH', ARGV[3], ARGV[index])
end
redis.call('HSET', KEYS[1], 'line', ARGV[#ARGV])
return 1`

/** KEYS: head, stream. ARGV: the first id, how many at most. */
const read = `#!lua flags=allow-oom
return { ${readHead}, redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2]) }`

/** KEYS: head, stream. ARGV: epoch and number before, epoch after, when it begins. */
const renew = `#!lua
${isHeadAsBefore}
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'startedAtMs', ARGV[4], 'sequence', '0')
return 1`

/** KEYS: record. ARGV: its text before, its text after, its life after. */
const prolong = `#!lua
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

export const authorityScripts = { look, commit, read, renew, prolong }
