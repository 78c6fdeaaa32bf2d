--- The option tables of functions that are written in Lua, checked as those of C++ are.
local native = require "native.options"

--- `options`, if they are as the manifest's table `name` wants them. Raises, in the name of
-- `function_name`, at `level` as error() has it;
-- left out, it is that of the caller's caller.
return function(name, function_name, options, level)
  level = level or 3
  if type(options) ~= "table" then
    error(("%s: a table of options expected, got %s"):format(function_name,
      options == nil and "nothing" or "a " .. type(options)), level)
  end
  local ok, message = pcall(native[name], options)
  if not ok then error(message, level) end
  return options
end
