-- bench/table.lua WORKLOAD FILE: prints what bench/run measured as a table.
-- FILE has lines of `workload contender round key=value ...`; the first contender of a workload is
-- its baseline. Ratios are to the baseline of the same round; of the rounds the median counts.
local workload, file = ...
if not file then
  io.stderr:write("usage: table.lua WORKLOAD FILE\n")
  os.exit(2)
end

-- What is compared, whether less is better, and which columns follow. `goal` is what a release
-- must reach: a cpu_ratio, or the value of the column `of` names.
local echo_columns = "p50_us p99_us server_cpu load_cpu cpu_us wait"
local kinds = {
  echo64 = { key = "rate", columns = echo_columns, goal = { moonwire = 0.85, callbacks = 0.88 } },
  echo64p16 = { key = "rate", columns = echo_columns,
                goal = { moonwire = 0.85, callbacks = 0.85 } },
  lines16 = { key = "rate", columns = echo_columns, goal = { moonwire = 0.60, callbacks = 0.65 } },
  echo16k = { key = "rate", columns = echo_columns, goal = { moonwire = 0.80, callbacks = 0.80 } },
  udp64 = { key = "rate", columns = echo_columns, goal = { moonwire = 0.85 } },
  tls64 = { key = "rate", columns = echo_columns, goal = { moonwire = 0.85, callbacks = 0.85 } },
  tls16k = { key = "rate", columns = echo_columns, goal = { moonwire = 0.85, callbacks = 0.85 } },
  ws64 = { key = "rate", columns = echo_columns, goal = { moonwire = 0.75, callbacks = 0.75 } },
  hello = { key = "rate", columns = "p50_us p99_us server_cpu cpu_us wait",
            goal = { moonwire = 0.65 } },
  accept = { key = "rate", columns = echo_columns, goal = { moonwire = 0.85, callbacks = 0.85 } },
  proxy = { key = "rate", columns = "server_cpu load_cpu cpu_us wait", goal = { moonwire = 2.0 } },
  idle = { key = "rate", columns = "used_b open_b left_b base_kb", of = "used_b",
           goal = { moonwire = 2000, callbacks = 800 } },
  timers = { key = "total_ms", less = true, of = "total_ms", goal = { moonwire = 900 },
             columns = "create_ms cancel_ms fire_ms late50_us late99_us latemax_us" },
  startup = { key = "wall_ms", less = true, of = "wall_ms", goal = { moonwire = 3 },
              columns = "least_ms cpu_ms rss_kb" },
}
local kind = assert(kinds[workload], "unknown workload " .. workload)

-- contenders in order of appearance; measured[name][round][key]
local contenders, measured, rounds = {}, {}, 0
for line in io.lines(file) do
  local of, name, round, rest = line:match("^(%S+) (%S+) (%d+) (.*)$")
  if of == workload then
    if not measured[name] then
      contenders[#contenders + 1], measured[name] = name, {}
    end
    local values = { errors = 0 }
    for key, value in rest:gmatch("([%w_]+)=(%S+)") do values[key] = tonumber(value) end
    measured[name][tonumber(round)] = values
    rounds = math.max(rounds, tonumber(round))
  end
end
local baseline = measured[contenders[1]]

local function median(list)
  if #list == 0 then return nil end
  table.sort(list)
  return (list[(#list + 1) // 2] + list[#list // 2 + 1]) / 2
end

-- fn(values, the baseline's values of that round) of each good round; nil leaves the round out.
local function each_round(name, fn)
  local list = {}
  for round = 1, rounds do
    local own, base = measured[name][round], baseline[round]
    local good = own and base and own.errors == 0 and base.errors == 0
    if good then list[#list + 1] = fn(own, base) end
  end
  return list
end

local function quotient(a, b)
  if a and b and b > 0 and a > 0 then return a / b end
end

local function show(value)
  if not value then return "-" end
  return (math.abs(value) < 10 and "%.2f" or "%.0f"):format(value)
end

local function row(cells)
  io.write(("%-12s"):format(cells[1]))
  for i = 2, #cells do io.write((" %10s"):format(cells[i])) end
  io.write("\n")
end

local columns = {}
for name in kind.columns:gmatch("%S+") do columns[#columns + 1] = name end
print()
row { workload, kind.key, "ratio", "best", "cpu_ratio", "goal", table.unpack(columns) }
for _, name in ipairs(contenders) do
  local function values(key) return each_round(name, function(own) return own[key] end) end
  local rates, base_rates = values(kind.key), {}
  for _, values_of in pairs(baseline) do base_rates[#base_rates + 1] = values_of[kind.key] end
  local ratio = median(each_round(name, function(own, base)
    if kind.less then return quotient(base[kind.key], own[kind.key]) end
    return quotient(own[kind.key], base[kind.key])
  end))
  local cpu = median(each_round(name, function(own, base)
    return quotient(base.cpu_us or base.cpu_ms, own.cpu_us or own.cpu_ms)
  end))
  local top = kind.less and math.min or math.max
  local best = #rates > 0 and top(table.unpack(rates)) / top(table.unpack(base_rates)) or nil
  if best and kind.less then best = 1 / best end
  local wanted, reached = kind.goal[name], cpu
  if kind.of then reached = median(values(kind.of)) end
  local goal = "-"
  if wanted then
    local met = reached and (kind.of and reached <= wanted or not kind.of and reached >= wanted)
    goal = show(wanted) .. (met and " ok" or " MISS")
  end
  local cells = { name, show(median(rates)), show(ratio), show(best), show(cpu), goal }
  for _, key in ipairs(columns) do cells[#cells + 1] = show(median(values(key))) end
  row(cells)
end
