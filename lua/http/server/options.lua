--- Option tables of functions that are written in Lua.

--- `options`, or an empty table, if it has only the names of `known` ({ name = type }). Raises in
-- the name of `name`'s caller.
return function(name, options, known)
  if options == nil then return {} end
  if type(options) ~= "table" then
    error(("%s: a table of options expected, got a %s"):format(name, type(options)), 3)
  end
  for option, value in pairs(options) do
    local wanted = known[option]
    if not wanted then error(("%s: unknown option '%s'"):format(name, tostring(option)), 3) end
    if type(value) ~= wanted then
      error(("%s: option '%s' must be a %s, got a %s"):format(name, option, wanted, type(value)), 3)
    end
  end
  return options
end
