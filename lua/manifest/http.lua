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
    {
      name = "http.reverse_proxy",
      signature = "http.reverse_proxy(address, hosts [, options])",
      options_like = "listen",
      summary = "Passes requests on to the servers of their host.",
      args = {
        { name = "address", type = "string|integer", text = "where to listen: \"http://\" is put in "
          .. "front of one without a scheme" },
        { name = "hosts", type = "table<string, string|string[]>", text = "for each host its server, "
          .. "\"host:port\" or a URL, or a list of several, which take turns; \"*\" stands for all "
          .. "other hosts" },
        { name = "options", type = "listen_options?", text = "those of listen" },
      },
      results = "the listener; or nil, message, code",
      returns = { "listener? listener", "string? message", "string? code" },
      errors = { { "EADDRINUSE", "somebody else has the address" } },
      waits = false,
      text = [[
A server that cannot be reached is passed over; 502 if none can. A host that is not in the table is
answered with 421. Requests and answers go on as they come, Host included, with X-Forwarded-For, -Host and
-Proto; so do WebSockets.]],
      example = [[
local http = require "http"
one = listen("http://127.0.0.1:0", function(req) return "one has " .. req.path end)
srv = http.reverse_proxy("127.0.0.1:0", { ["a.org"] = { one.address } })
print(http.get(srv.address .. "/page", { headers = { host = "a.org" } }).body)   --> one has /page]],
    },
    table.unpack(client.entries),
  },
}
