--- The manifest against what is bound, in both directions; and its examples, each run as it
-- is printed, with what they print compared with what they promise.
local check = require "check"
local example = require "example"
local manifest = require "manifest"
local bound = require "native.bound"

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return set
end

--- What is in `one` and not in `other`, sorted.
local function missing(one, other)
  local names = {}
  for name in pairs(one) do
    if not other[name] then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function names_of(entries)
  local set = {}
  for _, entry in ipairs(entries) do set[entry.name] = true end
  return set
end

--- Globals of the manifest; those of the group "tools" are written in Lua. Entries of modules
-- are none.
local function manifest_globals(with_tools)
  local set = {}
  manifest.each(function(kind, entry, group)
    if (kind == "function" or kind == "constant") and not group.module
      and (with_tools or group.name ~= "tools") then
      set[entry.name:match("^[%w_]+")] = true
    end
  end)
  return set
end

check.case("every bound global is described, every described one is bound", function()
  local names = set_of(bound.globals)
  check.same(missing(names, manifest_globals(true)), {}, "bound, not in the manifest")
  check.same(missing(manifest_globals(false), names), {}, "in the manifest, not bound")
  check.same(missing(manifest_globals(true), _G), {}, "in the manifest, no global")
end)

local LUA = set_of { "_G", "_VERSION", "arg", "assert", "collectgarbage", "coroutine", "debug",
  "dofile", "error", "getmetatable", "io", "ipairs", "load", "loadfile", "math", "next", "os",
  "package", "pairs", "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "require",
  "select", "setmetatable", "string", "table", "tonumber", "tostring", "type", "utf8", "warn",
  "xpcall" }

check.case("no other global stands beside Lua's own", function()
  local names = {}
  for name in pairs(_G) do
    if not LUA[name] then names[name] = true end
  end
  check.same(missing(names, manifest_globals(true)), {})
end)

for _, class in ipairs(manifest.classes) do
  check.case("methods and fields of a " .. class.class, function()
    local has = check.ok(bound[class.class], "native.bound has no " .. class.class)
    local methods, fields = set_of(has.methods), set_of(has.fields or {})
    check.same(missing(methods, names_of(class.methods)), {}, "methods not in the manifest")
    check.same(missing(names_of(class.methods), methods), {}, "methods not bound")
    check.same(missing(fields, names_of(class.fields)), {}, "fields not in the manifest")
    check.same(missing(names_of(class.fields), fields), {}, "fields not bound")
  end)
end

for _, group in ipairs(manifest.groups) do
  if group.module then
    check.case("what the module " .. group.module .. " has", function()
      local module, functions, has = require(group.module), {}, {}
      for _, entry in ipairs(group.entries) do
        if entry.kind ~= "field" then functions[entry.name] = true end  -- some come by __index
      end
      for name in pairs(module) do has[group.module .. "." .. name] = true end
      check.same(missing(has, names_of(group.entries)), {}, "not in the manifest")
      check.same(missing(functions, has), {}, "in the manifest, not there")
    end)
  end
end

check.case("constants have their values", function()
  manifest.each(function(kind, entry)
    if kind == "constant" then check.equal(_G[entry.name], entry.value, entry.name) end
  end)
end)

check.case("a function that takes options tells which", function()
  local told = 0
  manifest.each(function(_, entry)
    local like = entry.options_like
    if like then check.ok(manifest.tables[like], entry.name) end
    for _, argument in ipairs(entry.args or {}) do
      local takes = argument.name == "options" and not tostring(argument.type):find "{"
      if takes then check.ok(entry.options or like, entry.name) end
      told = told + (takes and 1 or 0)
    end
  end)
  check.ok(told > 20)
end)

check.case("entries are complete and the pages in docs/ are fresh", function()
  local pipe = check.ok(io.popen("lua5.4 tools/manifest.lua check . 2>&1"))
  local said = pipe:read("a")
  check.ok(pipe:close(), said)
end)

-- --- examples -----------------------------------------------------------------------------

manifest.each(function(kind, entry, owner)
  if not entry.example then return end
  local name = manifest.full_name(kind, entry, owner)
  check.case_here("example of " .. name, function() example(name, entry.example) end)
end)

check.done()
