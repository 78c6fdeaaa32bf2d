--- The option tables of functions that are written in Lua, checked as those of C++ are.
local blame = require "blame"
local native = require "native.options"

--- `options`, if they are as the manifest's table `name` wants them. Raises in the name of
-- `function_name`.
return function(name, function_name, options)
  if type(options) ~= "table" then blame.expected(function_name, "a table of options", options) end
  blame.calling(nil, native[name], options)
  return options
end
