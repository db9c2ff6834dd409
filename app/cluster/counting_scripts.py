"""How Redis counts: each script runs whole, and nobody else's between its lines.

A minute is a hash: the minute's number, its count, and the count of the minute before. Places are a
hash of processes: the number of the last message of it, how many it holds, and until when that is
believed. Both expire. Times are milliseconds of Redis' own clock, unless the first argument is
another.

Redis may have lost what it knew, or been frozen until it was out of date. So processes say once a
second what they hold, and where nobody did for a while nothing is sure until all had the time to.
"""

from __future__ import annotations

_COMMON = """
local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function minute(key, now)
  local kept = redis.call('HMGET', key, 'minute', 'count', 'before')
  local number = math.floor(now / 60000)
  local last, count, before = tonumber(kept[1]), tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
  if not last or last < number - 1 then return number, 0, 0 end
  if last == number - 1 then return number, 0, count end
  return last, count, before
end

local function write(key, number, count, before)
  redis.call('HSET', key, 'minute', number, 'count', count, 'before', before)
  redis.call('PEXPIRE', key, 120000)
end

-- How many others hold, our last message's number, and how many we hold.
local function places(key, now, process)
  local others, last, ours = 0, -1, 0
  local kept = redis.call('HGETALL', key)
  for i = 1, #kept, 2 do
    local number, count, ends = string.match(kept[i + 1], '^(%d+):(%d+):(%d+)$')
    if tonumber(ends) <= now then
      redis.call('HDEL', key, kept[i])
    elseif kept[i] == process then
      last, ours = tonumber(number), tonumber(count)
    else
      others = others + count
    end
  end
  return others, last, ours
end

local function hold(key, now, process, number, count, lease)
  redis.call('HSET', key, process, number .. ':' .. count .. ':' .. (now + lease))
  redis.call('PEXPIRE', key, lease)
end

-- When what is known of places is sure; `begins` says that there is nobody to wait for.
local function sure_from(key, now, begins)
  local kept = redis.call('HMGET', key, 'said', 'sure')
  local said, sure = tonumber(kept[1]), tonumber(kept[2])
  if not said or now - said > 5000 then
    sure = begins and now or now + 1500
    redis.call('HSET', key, 'said', now, 'sure', sure)
    redis.call('PEXPIRE', key, 60000)
  end
  return sure
end
"""

# KEYS: what is known of all places; the minutes; the places.
# ARGV: now, our name, the message's number, the lease, how many minutes; for each key its limit,
# and how much to take of it.
# Returns a verdict (0: taken, n: the n-th is too much, -1: not sure), now, and of each minute the
# count and the count before, as they were.
TAKE = (
    _COMMON
    + """
local now, process, number, lease = clock(), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local minutes, verdict = tonumber(ARGV[5]), 0
local answer, found = {0, now}, {}
if #KEYS > minutes + 1 and now < sure_from(KEYS[1], now, false) then return {-1, now} end
for i = 1, #KEYS - 1 do
  local key, limit, figure = KEYS[i + 1], tonumber(ARGV[4 + 2 * i]), tonumber(ARGV[5 + 2 * i])
  local sum
  if i <= minutes then
    local at, count, before = minute(key, now)
    local left = math.min(60000, (at + 1) * 60000 - now)
    found[i] = {at, count, before}
    answer[#answer + 1], answer[#answer + 2] = count, before
    sum = math.floor(before * left / 60000 + count) + figure
  else
    local others, last, ours = places(key, now, process)
    found[i] = {math.max(number, last), ours}
    sum = others + ours + figure
  end
  if sum > limit and verdict == 0 then verdict = i end
end
answer[1] = verdict
if verdict > 0 then return answer end
for i = 1, #KEYS - 1 do
  local key, figure = KEYS[i + 1], tonumber(ARGV[5 + 2 * i])
  if i > minutes then
    hold(key, now, process, found[i][1], found[i][2] + figure, lease)
  elseif figure > 0 then
    write(key, found[i][1], found[i][2] + figure, found[i][3])
  end
end
return answer
"""
)

# KEYS as above.
# ARGV: now, our name, the message's number, the lease, how many minutes, whether we begin ('1' or
# '0'); of each minute the change and the moment that it is of, of places how many we hold at most,
# with those that we were asking for when this was written, and 0.
# Returns how many places have heard a later message already: what this one says is out of date.
KEEP = (
    _COMMON
    + """
local now, process, number, lease = clock(), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local minutes, late = tonumber(ARGV[5]), 0
sure_from(KEYS[1], now, ARGV[6] == '1')
redis.call('HSET', KEYS[1], 'said', now)
redis.call('PEXPIRE', KEYS[1], 60000)
for i = 1, #KEYS - 1 do
  local key, figure, moment = KEYS[i + 1], tonumber(ARGV[5 + 2 * i]), tonumber(ARGV[6 + 2 * i])
  if i <= minutes then
    local at, count, before = minute(key, now)
    local then_ = math.floor(moment / 60000)
    if figure > 0 or then_ == at then
      write(key, at, math.max(0, count + figure), before)
    elseif then_ == at - 1 then
      write(key, at, count, math.max(0, before + figure))
    end
  else
    local _, last = places(key, now, process)
    if number > last then
      hold(key, now, process, number, figure, lease)
    else
      late = late + 1
    end
  end
end
return late
"""
)
