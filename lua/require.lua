--- `require` as lua(1) has it, written in Lua so that a module may wait while it loads.
local package, loaded, error, rawget, type = package, package.loaded, error, rawget, type

--- The first loader that package.searchers find, and the value that goes with it.
local function find_loader(name)
  local searchers = package.searchers
  if type(searchers) ~= "table" then error("'package.searchers' must be a table", 3) end
  local tried, i = "", 1
  while true do
    local searcher = rawget(searchers, i)
    if searcher == nil then error("module '" .. name .. "' not found:" .. tried, 3) end
    local loader, extra = searcher(name)
    if type(loader) == "function" then return loader, extra end
    if type(loader) == "string" then tried = tried .. "\n\t" .. loader end
    i = i + 1
  end
end

function require(name)
  if type(name) == "number" then name = tostring(name) end
  if type(name) ~= "string" then
    local got = name == nil and "no value" or type(name)
    error("bad argument #1 to 'require' (string expected, got " .. got .. ")", 2)
  end
  local value = loaded[name]
  if value then return value end
  local loader, extra = find_loader(name)
  value = loader(name, extra)
  if value ~= nil then
    loaded[name] = value
  elseif loaded[name] == nil then
    loaded[name] = true
  end
  return loaded[name], extra
end
