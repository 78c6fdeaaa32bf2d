--- Every function, method, field, constant and option that Lua sees, described once.
-- The files in manifest/ are data; this module puts them together and finds things in
-- them. From it come help(), the manual, the LuaLS definitions and the checking of
-- option tables. An entry:
--
--   name, signature, summary   the summary is one sentence that begins with a verb
--   args      { { name =, type =, unit =, default =, text = }, ... }; "?" after a type: optional;
--             host = true: a host, or an address with one, whose name the prompt completes
--   options   the name of the option table that the function takes; options_like: another
--             function's, whose options it takes as well
--   results   in words; returns: the same as "type name" for editors
--   errors    { { code, when }, ... }
--   waits     true, false, or in words: when
--   text      more paragraphs; example: runs as printed, "-->" tells what it prints
--   index     the class of what indexing it with an id gives (conns, timers, tasks)
local manifest = {}

local function load_all(...)
  local modules = {}
  for i, name in ipairs { ... } do modules[i] = require("manifest." .. name) end
  return modules
end

--- Globals, in the order of the manual: { name =, title =, entries =, constants =, records = };
-- records are tables that functions return: { name =, fields = }. With `module`, its entries
-- are of that module, "dns.resolve", and no globals.
manifest.groups = load_all("network", "watchers", "loop", "tasks", "tools", "processes", "dns",
  "fs", "json", "http", "ws", "rel", "bus", "service", "handler", "log", "smtp", "workers")

--- Classes of objects: { class =, aliases =, title =, summary =, methods =, fields = }.
manifest.classes = load_all("connection", "listener", "watcher", "timer", "signal", "event",
  "hook", "task", "thread", "bus_listener", "socket", "process")

--- Pages on what holds for many functions: { name =, title =, text = }.
manifest.topics = require "manifest.topics"

local option_data = require "manifest.options"
manifest.options = option_data.options
manifest.tables = option_data.tables
manifest.functions = option_data.functions

--- The entry of option `name` in the table `table_name`: its own if it has one there,
-- else the general one. Raises if there is none.
function manifest.option(table_name, name)
  local general
  for _, option in ipairs(manifest.options) do
    if option.name == name then
      if option.of == table_name then return option end
      if not option.of then general = option end
    end
  end
  return general or error(("option table '%s': no option '%s'"):format(table_name, name))
end

--- The group of the module of that name, or nil.
function manifest.module(name)
  for _, group in ipairs(manifest.groups) do
    if group.module == name then return group end
  end
end

--- The class of that name or alias ("conn"), or nil.
function manifest.class(name)
  for _, class in ipairs(manifest.classes) do
    if class.class == name then return class end
  end
  for _, class in ipairs(manifest.classes) do
    for _, alias in ipairs(class.aliases) do
      if alias == name then return class end
    end
  end
end

--- Calls visit(kind, entry, owner) for everything that has a name. kind is "function",
-- "constant", "method", "field", "option", "class" or "topic"; owner the group or class.
function manifest.each(visit)
  local function all(kind, entries, owner)
    for _, entry in ipairs(entries or {}) do visit(kind, entry, owner) end
  end
  for _, group in ipairs(manifest.groups) do
    all("function", group.entries, group)
    all("constant", group.constants, group)
  end
  for _, class in ipairs(manifest.classes) do
    visit("class", class, class)
    all("method", class.methods, class)
    all("field", class.fields, class)
  end
  all("option", manifest.options)
  all("topic", manifest.topics)
end

--- What `name` may mean, most likely first: an array of { kind =, entry =, owner = }.
-- "connection.read", "conn:read" and "c.read" are the method; "read" is the functions,
-- then methods and options of that name; "reactor" what is in the table of that name.
function manifest.find(name)
  local owner_name, member = name:match("^([%w_]+)[.:]([%w_]+)$")
  local owner = owner_name and manifest.class(owner_name)
  local found = {}
  manifest.each(function(kind, entry, of)
    local called = kind == "class" and entry.class or entry.name
    local matches = called == name or kind == "function" and called:match("^(.*)%.") == name
    if owner and (kind == "method" or kind == "field") then
      matches = of == owner and called == member
    end
    if matches then found[#found + 1] = { kind = kind, entry = entry, owner = of } end
  end)
  return found
end

--- How a member is written in full: "connection:read", "connection.id".
function manifest.full_name(kind, entry, owner)
  if kind == "method" then return owner.class .. ":" .. entry.name end
  if kind == "field" then return owner.class .. "." .. entry.name end
  return kind == "class" and entry.class or entry.name
end

--- The type, unit and default of an option or argument, in words: { "integer", "bytes",
-- "default 1 MiB" }.
function manifest.facts(entry)
  local types = entry.types or entry.type:gsub("%?$", ""):gsub("|nil$", "")
  if entry.words then types = types:gsub("string", '"' .. table.concat(entry.words, '"|"') .. '"') end
  local default = entry.default
  if default == nil then default = entry.otherwise end
  if entry.unit == "bytes" and math.type(default) and default >= 1024 then
    local mega = default % (1024 * 1024) == 0
    default = ("%d %s"):format(default // (mega and 1024 * 1024 or 1024), mega and "MiB" or "KiB")
  end
  local facts = { (types:gsub("|", " or ")) }
  if entry.unit then facts[#facts + 1] = entry.unit end
  if default ~= nil then facts[#facts + 1] = "default " .. tostring(default) end
  return facts
end

--- "integer or nil": the type of a field in words.
function manifest.field_type(field)
  return (field.type:gsub("%?$", "|nil"):gsub("|", " or "))
end

--- "returns at once", "waits", "waits only without a handler".
function manifest.waits_text(entry)
  if entry.waits == true then return "waits" end
  return entry.waits and "waits " .. entry.waits or "returns at once"
end

--- The option tables that take `option`, written as the call: "connect", "connection:set".
function manifest.takers(option)
  local takers = {}
  local function taker(label, entry)
    local table_name = entry.options
    if not table_name then return end
    for _, name in ipairs(manifest.tables[table_name]) do
      if name == option.name and manifest.option(table_name, name) == option
        and takers[#takers] ~= label then
        takers[#takers + 1] = label
      end
    end
  end
  manifest.each(function(kind, entry, owner)
    if kind == "function" or kind == "method" then
      taker(manifest.full_name(kind, entry, owner), entry)
    elseif kind == "option" and entry.fields and entry.fields == option.of then
      takers[#takers + 1] = entry.name
    end
  end)
  return takers
end

return manifest
