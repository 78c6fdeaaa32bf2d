--- What is open, as tables that print aligned: conns(), timers(), tasks(), why(). Each is an
-- array of rows as the runtime gives them; `conns[7]` is the connection with id 7, or nil.
-- Nothing here waits.
local native = require "native.listing"

local listing = {}

-- --- how things are written ---------------------------------------------------------------

--- Bytes in four characters or so: 17, 1.2K, 340K, 3.4M.
local function bytes(count)
  if count < 1000 then return ("%d"):format(count) end
  local units, size = "KMGTPE", count / 1024
  local unit = 1
  while size >= 999.5 and unit < #units do
    size, unit = size / 1024, unit + 1
  end
  return (size < 9.95 and "%.1f%s" or "%.0f%s"):format(size, units:sub(unit, unit))
end

--- Seconds as 12s, 3m04s, 2h10m, 5d03h.
local function age(seconds)
  seconds = math.max(0, seconds)
  if seconds >= 1e11 then return "never" end
  local whole = math.floor(seconds)
  if whole < 60 then return ("%ds"):format(whole) end
  if whole < 3600 then return ("%dm%02ds"):format(whole // 60, whole % 60) end
  if whole < 86400 then return ("%dh%02dm"):format(whole // 3600, whole % 3600 // 60) end
  return ("%dd%02dh"):format(whole // 86400, whole % 86400 // 3600)
end

--- The same, finer below ten seconds: 0.25s.
local function delay(seconds)
  if seconds >= 9.995 then return age(seconds) end
  return (("%.2f"):format(math.max(0, seconds)):gsub("%.?0+$", "")) .. "s"
end

local function width_of(text) return utf8.len(text) or #text end

--- A table as text. `columns`: { head, "right"|"left", function(row) -> text or nil }.
-- Columns that are empty throughout are left out; no blanks at the ends of lines. Columns that
-- do not fit into `room` go to a further line of their row, indented.
local function aligned(rows, columns, none, room)
  if #rows == 0 then return none end
  local lines, at = {}, 0
  for i = 0, #rows do lines[i] = "" end
  for _, column in ipairs(columns) do
    local head, side, text_of = column[1], column[2], column[3]
    local cells, width, used = { [0] = head }, width_of(head), false
    for i, row in ipairs(rows) do
      cells[i] = text_of(row) or ""
      used = used or cells[i] ~= ""
      width = math.max(width, width_of(cells[i]))
    end
    local gap = at == 0 and "" or "  "
    if used and at > 0 and room and at + #gap + width > room then gap, at = "\n    ", 2 end
    for i = 0, used and #rows or -1 do
      local pad = (" "):rep(width - width_of(cells[i]))
      lines[i] = lines[i] .. gap .. (side == "right" and pad .. cells[i] or cells[i] .. pad)
    end
    if used then at = at + (at > 0 and 2 or 0) + width end
  end
  for i = 0, #rows do lines[i] = (lines[i] .. "\n"):gsub(" +\n", "\n"):sub(1, -2) end
  return table.concat(lines, "\n", 0)
end

-- What a column takes from a row, by the name of the field.
local function shown(show, name) return function(row) return row[name] and show(row[name]) end end
local function number(name) return shown(function(value) return ("%d"):format(value) end, name) end
local function text(name) return shown(tostring, name) end

--- Gives `rows` the looks of a table.
local function printed(rows, columns, none)
  return setmetatable(rows, {
    __tostring = function(self) return aligned(self, columns, none) end,
    __inspect = function(self, options) return aligned(self, columns, none, options.width) end,
  })
end

-- --- the listings ---------------------------------------------------------------------------

--- A callable table: called it lists, indexed with an id it gives the object.
local function listed(rows_of, columns, none)
  local function list() return printed(rows_of(), columns, none) end
  return setmetatable({}, {
    __call = list,
    __index = function(_, id)
      for _, row in ipairs(rows_of()) do
        if row.id == id then return row.object end
      end
    end,
    __tostring = function() return tostring(list()) end,
    __inspect = function(_, options) return inspect(list(), options) end,
  })
end

listing.conns = listed(native.conns, {
  { "id", "right", number "id" },
  { "state", "left", text "state" },
  { "peer", "left", text "peer" },
  { "sock", "left", text "sock" },
  { "tls", "left", text "tls" },
  { "ws", "left", text "ws" },
  { "in", "right", shown(bytes, "bytes_in") },
  { "out", "right", shown(bytes, "bytes_out") },
  { "queued", "right", shown(bytes, "queued") },
  { "age", "right", shown(age, "age") },
}, "nothing is open: no connection")

listing.timers = listed(native.timers, {
  { "id", "right", number "id" },
  { "due in", "right", shown(delay, "remaining") },
  { "period", "right", shown(delay, "interval") },
  { "label", "left", text "label" },
  { "where", "left", text "where" },
}, "nothing is due: no timer")

listing.tasks = listed(native.tasks, {
  { "id", "right", number "id" },
  { "state", "left", text "state" },
  { "waits for", "left", text "waits_for" },
  { "age", "right", shown(age, "age") },
  { "where", "left", text "where" },
}, "nothing runs: no task")

-- --- why ------------------------------------------------------------------------------------

--- The kinds of things that keep a program alive, and how each row is told.
local REASONS = {
  { "listener", native.listeners, function(row)
    return ("on %s, %d accepted, %d open"):format(row.address, row.accepted or 0, row.open or 0)
  end },
  { "connection", native.conns, function(row)
    return ("%s %s"):format(row.state, row.peer and "with " .. row.peer or "")
  end },
  { "socket", native.sockets, function(row)
    return ("on %s, %d in, %d out"):format(row.address or "?", row.packets_in, row.packets_out)
  end },
  { "timer", native.timers, function(row) return "due in " .. delay(row.remaining) end },
  { "watcher", native.watchers, function(row)
    return row.kind .. " on " .. (row.fd and "descriptor " .. row.fd or "a connection")
  end },
  { "signal", native.signals, function(row) return row.name end },
  { "event", native.events, function(row)
    local on = row.name or row.fd and "descriptor " .. row.fd
    return row.kind .. (on and " on " .. on or row.kind ~= "timeout" and " on a connection" or "")
  end },
  { "thread", native.threads, function() return "running" end },
  { "bus listener", native.bus_listeners, function(row) return "to " .. row.name end },
  { "task", native.tasks, function(row)
    return row.waits_for and "waits for " .. row.waits_for or row.state
  end },
}

--- What keeps the program alive: rows { kind =, id =, what =, label =, where =, object = }. A
-- row of the runtime with `alive` false is idle and keeps nothing.
function listing.why()
  local rows = {}
  for _, reason in ipairs(REASONS) do
    local kind, rows_of, tell = reason[1], reason[2], reason[3]
    for _, row in ipairs(rows_of()) do
      if row.alive ~= false then
        rows[#rows + 1] = { kind = kind, id = row.id, what = tell(row), label = row.label,
          where = row.where, object = row.object }
      end
    end
  end
  return printed(rows, {
    { "what", "left", text "kind" },
    { "id", "right", number "id" },
    { "", "left", text "what" },
    { "label", "left", text "label" },
    { "where", "left", text "where" },
  }, "nothing is open: the program would end here")
end

--- What .ls of the prompt shows: `name` is what .stop takes.
function listing.open()
  local rows = {}
  local function add(kind, list, at, state)
    for _, row in ipairs(list) do
      local holds = kind == "connection" or kind == "socket"  -- a variable keeps it open
      if row.id and (holds or row.alive ~= false) then
        row.name, row.at, row.state = kind .. " " .. row.id, row[at], state(row)
        rows[#rows + 1] = row
      end
    end
  end
  add("listener", native.listeners(), "address", function(row)
    return ("%d accepted, %d open"):format(row.accepted, row.open)
  end)
  add("connection", native.conns(), "peer", function(row) return row.state end)
  add("socket", native.sockets(), "address", function(row)
    return ("%d in, %d out"):format(row.packets_in, row.packets_out)
  end)
  add("timer", native.timers(), "", function(row) return "due in " .. delay(row.remaining) end)
  add("watcher", native.watchers(), "", function(row)
    return row.kind .. (row.fd and " on descriptor " .. row.fd or "")
  end)
  add("signal", native.signals(), "name", function() return "watched" end)
  add("task", native.tasks(), "", function(row) return row.waits_for or row.state end)
  return printed(rows, {
    { "what", "left", text "name" },
    { "at", "left", text "at" },
    { "state", "left", text "state" },
    { "in", "right", shown(bytes, "bytes_in") },
    { "out", "right", shown(bytes, "bytes_out") },
    { "age", "right", shown(age, "age") },
    { "label", "left", text "label" },
    { "where", "left", text "where" },
  }, "nothing is open")
end

-- --- one object ---------------------------------------------------------------------------------

local function traffic(x)
  return ("%s in, %s out"):format(bytes(x.bytes_in), bytes(x.bytes_out))
end

--- What is told of an object behind its name, by its class.
local FACTS = {
  connection = function(c)
    return c.opened and traffic(c) .. ", " .. age(now() - c.opened) or traffic(c)
  end,
  socket = traffic,
  listener = function(l) return ("%d accepted, %d open"):format(l.accepted, l.open) end,
  timer = function(t)
    return t:pending() and "due in " .. delay(t:remaining()) or "not armed"
  end,
  task = function(t) return t:alive() and "running" or "ended" end,
}

--- One line on an object of class `name` at the prompt: `described` is what tostring says.
function listing.describe(x, name, described)
  local facts = FACTS[name]
  if not facts or described:find(", closed$") then return described end
  local ok, told = pcall(facts, x)
  return ok and described .. ", " .. told or described
end

return listing
