--- The manifest: the module http; its client's part is in a file of its own.
local client = require "manifest.http_client"

return {
  name = "http",
  module = "http",
  title = "The module http",
  records = client.records,
  entries = {
    {
      name = "http.app",
      signature = "http.app()",
      summary = "Makes a handler for HTTP that has routes.",
      args = {},
      results = "the app",
      returns = { "table app" },
      waits = false,
      text = [[
See HTTP apps for its methods. It is called as any handler is, so one app can be a route of another.]],
      example = [[
local http = require "http"
local app = http.app()
app:get("/hello/:name", function(req) return "hello " .. req.params.name end)
srv = listen("http://127.0.0.1:0", app)
c = connect((srv.address:gsub("^http://", "")))
c:write("GET /hello/you HTTP/1.0\r\n\r\n")
print(c:read("a"):match "[^\n]*$")    --> hello you]],
    },
    table.unpack(client.entries),
  },
}
