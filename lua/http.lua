--- HTTP: `local http = require "http"`. A table of parts, each a module of its own; see there.
local PARTS <const> = { "http.url", "http.client", "http.jar" }

local http = {}
for _, part in ipairs(PARTS) do
  for name, fn in pairs(require(part)) do http[name] = fn end
end
return http
