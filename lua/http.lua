--- HTTP: `local http = require "http"`. http.app makes the handler of a server that has several
-- paths; listen("http://:8080", app) serves it. What else there is belongs to the client, in modules
-- of their own.
local PARTS <const> = { "http.url", "http.client", "http.jar" }

local http = {}
for _, part in ipairs(PARTS) do
  for name, fn in pairs(require(part)) do http[name] = fn end
end

--- http.reverse_proxy(address, hosts [, options]) -> listener: requests go on to the servers of
-- their host.
function http.reverse_proxy(address, hosts, options)
  return require("http.server.reverse").listen(address, hosts, options)
end

--- http.app() -> an app without routes: a handler for listen on http:// or https://.
function http.app() return require("http.server.app").new() end

return http
