/**
 * Owns the one script that runs in the store, and what goes in and comes out. Within it nothing else happens: counters
 * are read, compared and written as one step, for all that it is given, in order.
 */
import { createHash } from 'node:crypto';
import type { CallerQuota } from '../../core/quota/caller-quota.ts';
import { costOf } from '../../core/quota/caller-quota.ts';
import type { CounterRule } from '../../core/quota/limits.ts';
import type { StoreVerdict } from '../stages/limit/limit-store.ts';

/**
 * KEYS: one for each counter. ARGV: for each step its kind ("ask", "add"), the number of its counters, and for each of
 * these four numbers: set (0: needed; above: one of that number of sets is needed), limit, cost, burst (0: fixed
 * minutes). "add" has the minute that it is about in place of the set, -1 for every. Returns the time; then for each ask
 * the counter without room, from 1 (0: admitted), and for each counter what is left of it and whether it was taken from.
 */
export const script = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local minute = math.floor(now / 60000)

local function left(key, limit, burst)
  if burst == 0 then
    local value = redis.call('HMGET', key, 'minute', 'used')
    if not value[1] or tonumber(value[1]) ~= minute then return limit end
    return limit - tonumber(value[2])
  end
  local value = redis.call('HMGET', key, 'at', 'level')
  if not value[1] then return burst end
  local trickled = math.max(0, now - tonumber(value[1])) * limit / 60000
  return math.min(burst, tonumber(value[2]) + trickled)
end

local function put(key, limit, burst, rest)
  if burst == 0 then
    redis.call('HSET', key, 'minute', minute, 'used', string.format('%.17g', limit - rest))
    redis.call('PEXPIRE', key, 120000)
  else
    redis.call('HSET', key, 'at', now, 'level', string.format('%.17g', rest))
    local full = math.ceil((burst - rest) * 60000 / math.max(1, limit))
    redis.call('PEXPIRE', key, math.min(86400000, math.max(60000, full)))
  end
end

local function ask(keys, sets, limits, costs, bursts, out)
  local rests, roomy, full, open, groups = {}, {}, 0, false, false
  for i = 1, #keys do
    rests[i] = left(keys[i], limits[i], bursts[i])
    local set, fits = sets[i], rests[i] >= costs[i]
    if set == 0 then
      if not fits and full == 0 then full = i end
    else
      groups = true
      if roomy[set] == nil then roomy[set] = true end
      if not fits then roomy[set] = false end
    end
  end
  for _, fits in pairs(roomy) do open = open or fits end
  if full == 0 and groups and not open then
    for i = 1, #keys do
      if full == 0 and sets[i] ~= 0 and rests[i] < costs[i] then full = i end
    end
  end
  out[#out + 1] = full
  for i = 1, #keys do
    local taken = full == 0 and (sets[i] == 0 or roomy[sets[i]])
    if taken then
      rests[i] = rests[i] - costs[i]
      put(keys[i], limits[i], bursts[i], rests[i])
    end
    out[#out + 1] = math.floor(rests[i])
    out[#out + 1] = taken and 1 or 0
  end
end

local function add(keys, minutes, limits, amounts, bursts)
  for i = 1, #keys do
    local isCurrent = bursts[i] ~= 0 or minutes[i] == -1 or minutes[i] == minute
    if isCurrent or amounts[i] > 0 then
      local rest = left(keys[i], limits[i], bursts[i]) - amounts[i]
      if bursts[i] == 0 then rest = math.min(limits[i], rest) else rest = math.min(bursts[i], rest) end
      put(keys[i], limits[i], bursts[i], rest)
    end
  end
end

local out = { now }
local key, at = 1, 1
while at <= #ARGV do
  local kind, count = ARGV[at], tonumber(ARGV[at + 1])
  at = at + 2
  local keys, sets, limits, costs, bursts = {}, {}, {}, {}, {}
  for i = 1, count do
    keys[i], key = KEYS[key], key + 1
    sets[i], limits[i] = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    costs[i], bursts[i] = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    at = at + 4
  end
  if kind == 'ask' then ask(keys, sets, limits, costs, bursts, out) else add(keys, sets, limits, costs, bursts) end
end
return out
`;

export const scriptSha = createHash('sha1').update(script).digest('hex');

/** What one call of the script is given. */
export class ScriptCall {
  readonly keys: string[] = [];
  readonly values: (string | number)[] = [];
  readonly #prefix: string;

  /** All keys of one endpoint lie on one node of a cluster: the braces say so. */
  constructor(keyPrefix: string, label: string) {
    this.#prefix = `${keyPrefix}{${label}}:`;
  }

  ask(caller: CallerQuota, tokens: number): void {
    this.values.push('ask', caller.counters.length);
    for (const counter of caller.all) this.#push(counter.rule, 0, costOf(counter, tokens));
    for (const [index, set] of caller.anyOf.entries()) {
      for (const counter of set) this.#push(counter.rule, index + 1, costOf(counter, tokens));
    }
  }

  /** `minute`: the one that `amount` is about; for another one only what is owed is added. */
  add(rule: CounterRule, amount: number, minute: number): void {
    this.values.push('add', 1);
    this.#push(rule, minute, amount);
  }

  #push({ id, limit, burst = 0 }: CounterRule, set: number, cost: number): void {
    this.keys.push(this.#prefix + id);
    this.values.push(set, limit, cost, burst);
  }
}

/** Reads the answer of the script, ask by ask, in the order of the call. */
export class ScriptAnswer {
  readonly #numbers: readonly number[];
  #at = 1;

  /** @throws Error where it is no list of numbers. */
  constructor(answer: unknown) {
    if (!Array.isArray(answer) || !answer.every((entry) => typeof entry === 'number')) {
      throw new Error('the store has answered something else than numbers');
    }
    this.#numbers = answer;
  }

  next(caller: CallerQuota): StoreVerdict {
    const full = this.#take();
    const remaining: number[] = [];
    const taken: boolean[] = [];
    while (remaining.length < caller.counters.length) {
      remaining.push(this.#take());
      taken.push(this.#take() === 1);
    }
    // The first counter of a set stands for all of them: they are taken from together.
    const firsts: number[] = [];
    let first = caller.all.length;
    for (const set of caller.anyOf) {
      firsts.push(first);
      first += set.length;
    }
    return {
      full: full === 0 ? undefined : caller.counters[full - 1],
      remaining,
      isOpen: (set) => taken[firsts[set] ?? -1] === true,
      now: this.#numbers[0] ?? 0,
    };
  }

  #take(): number {
    const value = this.#numbers[this.#at];
    if (value === undefined) throw new Error('the answer of the store is too short');
    this.#at += 1;
    return value;
  }
}
