--- HTTP: `local http = require "http"`. http.app makes the handler of a server that has several
-- paths; listen("http://:8080", app) serves it.
local http = {}

--- http.app() -> an app without routes: a handler for listen on http:// or https://.
function http.app() return require("http.server.app").new() end

return http
