--- help(): what the manifest says of a function, an object, an option or a page.
-- `help.help(x)` prints; `help.close_names(word, list)` finds what was meant. Neither waits.
local manifest = require "manifest"

local help = {}

local WIDTH = 80
local MANY_OPTIONS = 8  -- with more, an entry lists their names only

-- --- close names --------------------------------------------------------------------------

--- Edits that turn `a` into `b`: a letter put in, left out, changed, or two swapped.
local function distance(a, b)
  local before, previous, current = {}, {}, {}
  for j = 0, #b do current[j] = j end
  for i = 1, #a do
    before, previous, current = previous, current, { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      local changed = previous[j - 1] + (same and 0 or 1)
      local edits = math.min(previous[j] + 1, current[j - 1] + 1, changed)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        edits = math.min(edits, before[j - 2] + 1)
      end
      current[j] = edits
    end
  end
  return current[#b]
end

--- Up to three names of `list` that are close to `word`, the closest first: those that
-- begin with it, and those within an edit for each three letters.
function help.close_names(word, list)
  word = word:lower()
  local limit = math.max(1, #word // 3)
  local close, seen = {}, {}
  for order, name in ipairs(list) do
    local edits = distance(word, name:lower())
    if edits > 1 and #word >= 2 and name:lower():sub(1, #word) == word then edits = 1 end
    if edits <= limit and not seen[name] then
      seen[name] = true
      close[#close + 1] = { name = name, edits = edits, order = order }
    end
  end
  table.sort(close, function(a, b)
    if a.edits ~= b.edits then return a.edits < b.edits end
    return a.order < b.order
  end)
  local names = {}
  for i = 1, math.min(3, #close) do names[i] = close[i].name end
  return names
end

-- --- text ---------------------------------------------------------------------------------

--- `text` in lines of at most WIDTH, the first after `first`, the others indented by as much.
local function wrap(text, first, indent)
  local lines, line = {}, first or ""
  local margin = (" "):rep(indent or #line)
  local empty = true
  for word in text:gmatch("%S+") do
    if not empty and #line + 1 + #word > WIDTH then
      lines[#lines + 1] = line
      line, empty = margin, true
    end
    line = line .. (empty and "" or " ") .. word
    empty = false
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

--- Paragraphs are wrapped; those that are indented stay as they are.
local function paragraphs(text)
  local out = {}
  for paragraph in (text .. "\n\n"):gmatch("(.-)\n\n+") do
    out[#out + 1] = paragraph:find("^    ") and paragraph or wrap(paragraph)
  end
  return table.concat(out, "\n\n")
end

--- Rows { left, text } with the texts in one column.
local function columns(rows)
  local width, lines = 0, {}
  for _, row in ipairs(rows) do
    if #row[1] <= 30 then width = math.max(width, #row[1]) end
  end
  for i, row in ipairs(rows) do
    if #row[1] > width then
      lines[i] = "  " .. row[1] .. "\n" .. wrap(row[2], (" "):rep(width + 4))
    else
      lines[i] = wrap(row[2], "  " .. row[1] .. (" "):rep(width - #row[1]) .. "  ")
    end
  end
  return table.concat(lines, "\n")
end

local function join(list, last)
  if #list < 2 then return list[1] or "" end
  return table.concat(list, ", ", 1, #list - 1) .. last .. list[#list]
end

-- --- entries ------------------------------------------------------------------------------

local function options_text(table_name)
  local names, rows = manifest.tables[table_name], {}
  if #names > MANY_OPTIONS then
    local sorted = table.move(names, 1, #names, 1, {})
    table.sort(sorted)
    return 'Options (help "nodelay" tells of one):\n' .. wrap(table.concat(sorted, " "), "  ")
  end
  for i, name in ipairs(names) do
    local option = manifest.option(table_name, name)
    local facts = table.concat(manifest.facts(option), ", ")
    rows[i] = { name, ("%s (%s)"):format(option.summary, facts) }
  end
  return "Options:\n" .. columns(rows)
end

local function argument_text(arg)
  if arg.type:find("_options%??$") then return arg.text or "a table of options, see below" end
  local facts = manifest.facts(arg)
  if not arg.text then return table.concat(facts, ", ") end
  table.remove(facts, 1)
  return arg.text .. (#facts > 0 and " (" .. table.concat(facts, ", ") .. ")" or "")
end

local function function_text(entry)
  local mark = "(" .. manifest.waits_text(entry) .. ")"
  local gap = math.max(2, WIDTH - #entry.signature - #mark)
  local parts = { entry.signature .. (" "):rep(gap) .. mark .. "\n" .. wrap(entry.summary, "", 0) }
  local function add(text) parts[#parts + 1] = text end
  local rows = {}
  for _, arg in ipairs(entry.args or {}) do
    rows[#rows + 1] = { arg.name, argument_text(arg) }
  end
  if #rows > 0 then add(columns(rows)) end
  if entry.results then add(wrap("Returns " .. entry.results .. ".")) end
  rows = {}
  for _, failure in ipairs(entry.errors or {}) do rows[#rows + 1] = failure end
  if #rows > 0 then add("Codes:\n" .. columns(rows)) end
  if entry.text then add(paragraphs(entry.text)) end
  if entry.options then add(options_text(entry.options)) end
  if entry.example then add("Example:\n  " .. entry.example:gsub("\n", "\n  ")) end
  return table.concat(parts, "\n\n")
end

local function option_text(option)
  local takers = join(manifest.takers(option), " and ")
  local title = ("%s = %s"):format(option.name, table.concat(manifest.facts(option), ", "))
  local text = wrap(title, "", 2) .. "\n" .. wrap(option.summary .. " An option of " .. takers .. ".", "", 0)
  return option.fields and text .. "\n\n" .. options_text(option.fields) or text
end

local function class_text(class)
  local parts = { class.title .. "\n" .. class.summary }
  if class.text then parts[#parts + 1] = paragraphs(class.text) end
  local rows = {}
  for _, method in ipairs(class.methods) do
    rows[#rows + 1] = { method.signature:match("[.:].*$"), method.summary }
  end
  parts[#parts + 1] = "Methods:\n" .. columns(rows)
  rows = {}
  for _, field in ipairs(class.fields) do rows[#rows + 1] = { "." .. field.name, field.summary } end
  if #rows > 0 then parts[#parts + 1] = "Fields:\n" .. columns(rows) end
  return table.concat(parts, "\n\n")
end

local TEXTS = {
  ["function"] = function_text,
  method = function_text,
  option = option_text,
  class = class_text,
  topic = function(topic) return topic.title .. "\n\n" .. paragraphs(topic.text) end,
  constant = function(constant)
    return ("%s = %d\n%s"):format(constant.name, constant.value, constant.summary)
  end,
  field = function(field, class)
    return ("%s.%s: %s\n%s"):format(class.class, field.name, manifest.field_type(field),
      field.summary)
  end,
}

--- One line for each of several members of one name.
local function brief(found)
  local rows = {}
  for i, hit in ipairs(found) do
    local title = hit.entry.signature or manifest.full_name(hit.kind, hit.entry, hit.owner)
    rows[i] = { title, hit.entry.summary }
  end
  return columns(rows)
end

--- All that was found under one name: functions and the like in full, and a line for each
-- method or field; these in full where there is nothing else and only one of them.
local function found_text(found)
  local parts, members = {}, {}
  for _, hit in ipairs(found) do
    if hit.kind == "method" or hit.kind == "field" then
      members[#members + 1] = hit
    else
      parts[#parts + 1] = TEXTS[hit.kind](hit.entry, hit.owner)
    end
  end
  if #parts == 0 and #members == 1 then
    return TEXTS[members[1].kind](members[1].entry, members[1].owner)
  end
  if #members > 0 then
    parts[#parts + 1] = (#parts > 0 and "See also:\n" or "") .. brief(members)
  end
  return table.concat(parts, "\n\n")
end

-- --- the tour -----------------------------------------------------------------------------

local TOUR = [[
Type these, one after another; everything goes on while you type.

  s = listen(8000, function(c) for l in c:lines() do c:write(l, "!\n") end end)
  c = connect "localhost:8000"
  write(c, "hello\n")
  read(c, "l")
  timeout(5, function() print(s.accepted, "clients so far"); return true end)
  conns()

help "read" tells of a function, help(c) of an object, help "tls" of a page.
]]

local function tour()
  local rows, modules = {}, {}
  for _, group in ipairs(manifest.groups) do
    local names, seen = {}, {}
    for _, entry in ipairs(group.entries) do
      local name = entry.name:match "^[^.]+"  -- a table of several is one
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
    if group.module then
      modules[#modules + 1] = group.module
    else
      rows[#rows + 1] = { group.title, table.concat(names, " ") }
    end
  end
  if #modules > 0 then rows[#rows + 1] = { "Modules, to require", table.concat(modules, " ") } end
  local pages = {}
  for i, topic in ipairs(manifest.topics) do pages[i] = topic.name end
  rows[#rows + 1] = { "Pages", table.concat(pages, " ") }
  return TOUR .. "\n" .. columns(rows)
end

-- --- values -------------------------------------------------------------------------------

--- The value that a name stands for, without calling anything: "a", "a.b" of a global, else of
-- a module that is loaded.
local function raw_global(name)
  local first, rest = name:match("^([^.]*)(.*)$")
  local value = rawget(_G, first)
  if value == nil and rest ~= "" then value = package.loaded[first] end
  for part in rest:gmatch("[^.]+") do
    value = type(value) == "table" and rawget(value, part) or nil
  end
  return value
end

--- The page of Lua's own manual, if `x` is a function of its library.
local function lua_library(x)
  for _, module in ipairs { "_G", "coroutine", "debug", "io", "math", "os", "package", "string",
    "table", "utf8" } do
    for name, value in next, package.loaded[module] or {} do
      if rawequal(value, x) and type(value) == "function" then
        local full = module == "_G" and name or module .. "." .. name
        return full .. ": a function of Lua, see www.lua.org/manual/5.4/manual.html#pdf-" .. full
      end
    end
  end
end

--- The comment above a function of the user's, and its first line, as the source has them.
local function source_text(fn)
  local info = debug.getinfo(fn, "S")
  if info.what ~= "Lua" then return nil end
  local names = {}
  local parameters = debug.getinfo(fn, "u")
  for i = 1, parameters.nparams do names[i] = debug.getlocal(fn, i) end
  if parameters.isvararg then names[#names + 1] = "..." end
  local title = ("function (%s)  %s:%d"):format(table.concat(names, ", "), info.short_src,
    info.linedefined)
  local file = info.source:sub(1, 1) == "@" and io.open(info.source:sub(2))
  if not file then return title end
  local comment, number = {}, 0
  for line in file:lines() do
    number = number + 1
    if number == info.linedefined then break end
    local text = line:match("^%s*%-%-+%s?(.*)$")
    if text then comment[#comment + 1] = text else comment = {} end
  end
  file:close()
  return title .. (#comment > 0 and "\n" .. table.concat(comment, "\n") or "")
end

--- Whether `fn` is the method `name` of a class. All metatables are in the registry.
local function is_method(fn, class, name)
  local metatable = debug.getregistry()[class.class]
  return metatable ~= nil and rawequal(metatable.__methods[name], fn)
end

local function find_method(fn)
  local found = {}
  manifest.each(function(kind, entry, class)
    if kind == "method" and is_method(fn, class, entry.name) then
      found[#found + 1] = { kind = kind, entry = entry, owner = class }
    end
  end)
  return found
end

--- The class that an object is of, or nil.
local function class_of(x)
  local metatable = type(x) == "userdata" and debug.getmetatable(x)
  return metatable and manifest.class(tostring(rawget(metatable, "__name")))
end

--- The name as the manifest has it: a member of an object in a global variable is one of
-- its class.
local function full_name(name)
  local variable, member = name:match("^(.*)[.:]([%w_]+)$")
  local class = variable and class_of(raw_global(variable))
  return class and class.class .. "." .. member or name
end

--- What the manifest has of a value: a global, a module or its member, or an object of a class.
local function find_value(x)
  local found
  manifest.each(function(kind, entry, group)
    if x == nil or found or kind ~= "function" then return end
    if rawequal(raw_global(entry.name), x) then
      found = manifest.find(entry.name)
    elseif group.module and rawequal(package.loaded[group.module], x) then
      found = manifest.find(group.module)
    end
  end)
  if found then return found end
  local class = class_of(x)
  return class and { { kind = "class", entry = class, owner = class } } or {}
end

--- "no help for 'x'", with up to three close names; of the methods for "conn:x".
local function unknown(name)
  local owner, member = full_name(name):match("^([%w_]+)[.:]([%w_]+)$")
  local class = owner and manifest.class(owner)
  local names, full_names = {}, {}
  manifest.each(function(kind, entry, of)
    if class and (of ~= class or kind == "class") then return end
    local short = kind == "class" and entry.class or entry.name
    names[#names + 1] = short
    full_names[short] = class and manifest.full_name(kind, entry, of) or short
  end)
  local close = help.close_names(class and member or name, names)
  for i, short in ipairs(close) do close[i] = "'" .. full_names[short] .. "'" end
  local meant = #close > 0 and ", did you mean " .. join(close, " or ") .. "?" or ""
  return "no help for '" .. name .. "'" .. meant
end

local function text_for(x)
  if type(x) == "string" then
    local found = manifest.find(full_name(x))
    if #found > 0 then return found_text(found) end
    local value = raw_global(x)
    local library = value ~= nil and lua_library(value)
    return library or type(value) == "function" and source_text(value) or unknown(x)
  end
  local found = find_value(x)
  if #found > 0 then return found_text(found) end
  if type(x) == "function" then
    local pages = {}  -- several if it has several names: timer:delete is timer:cancel
    for i, hit in ipairs(find_method(x)) do pages[i] = function_text(hit.entry) end
    if #pages > 0 then return table.concat(pages, "\n\n") end
    return lua_library(x) or source_text(x) or "no help for this function"
  end
  if x == nil then return 'no help for nil; a name goes in quotes: help "read"' end
  return "no help for a " .. type(x)
end

--- Prints what there is on `x`; without an argument, the tour.
function help.help(...)
  if select("#", ...) == 0 then return print(tour()) end
  print(text_for((...)))
end

return help
