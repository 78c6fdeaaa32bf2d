--- What commands of the prompt do in Lua. Each prints; none waits.
local prompt = {}

--- .set of a name that is none of the others.
function prompt.unknown_setting(name, ...)
  local close = require("help").close_names(name, { ... })[1]
  local meant = close and (", did you mean '%s'?"):format(close) or " (.set)"
  print(("there is no setting '%s'%s"):format(name, meant))
end

--- The module of ours that is called so, required; nil if there is none.
function prompt.module(name)
  if require("manifest").module(name) then return require(name) end
end

--- .ls
function prompt.ls(width)
  print(inspect(require("listing").open(), { width = tonumber(width) }))
end

return prompt
