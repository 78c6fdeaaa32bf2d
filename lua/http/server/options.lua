--- Option tables of functions that are written in Lua.
local blame = require "blame"

--- What to say of a name that is none of `known`.
local function advice(option, known)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  local close = require("help").close_names(option, names)[1]
  return close and (", did you mean '%s'?"):format(close) or "; there are " .. table.concat(names, ", ")
end

--- `options`, or an empty table, if it has only the names of `known` ({ name = type }). Raises in
-- the name of `name`'s caller.
return function(name, options, known)
  if options == nil then return {} end
  if type(options) ~= "table" then blame.expected(name, "a table of options", options) end
  for option, value in pairs(options) do
    local wanted = known[option]
    if not wanted then
      local text = tostring(option)
      blame.misuse(("%s: unknown option '%s'%s"):format(name, text, advice(text, known)))
    end
    if type(value) ~= wanted then
      blame.misuse(("%s: option '%s' must be a %s, got a %s"):format(name, option, wanted, type(value)))
    end
  end
  return options
end
