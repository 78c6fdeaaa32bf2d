--- The manifest: listeners.
return {
  class = "listener",
  aliases = { "srv", "server" },
  title = "Listeners",
  summary = "What listen returns: a socket that takes connections.",
  methods = {
    {
      name = "accept",
      signature = "listener:accept([options])",
      summary = "Waits for the next connection.",
      args = { { name = "options", type = "accept_options?" } },
      options = "accept",
      results = "the connection; or nil, message, code",
      returns = { "connection? conn", "string? message", "string? code" },
      errors = { { "ETIMEDOUT", "nobody came within `timeout`" },
        { "ECLOSED", "the listener was closed here" } },
      waits = true,
      text = "For a listener without a handler; with one it raises.",
      example = [[
srv = listen(0)
spawn(function() connect(srv.address):write("hello") end)
c = srv:accept()
print(c:read(5))                    --> hello]],
    },
    {
      name = "close",
      signature = "listener:close([options])",
      summary = "Closes the listening socket; its connections go on.",
      args = { { name = "options", type = "close_options?" } },
      options = "close",
      results = "true; false if it was closed already",
      returns = { "boolean closed" },
      waits = false,
      example = [[
srv = listen(0, function(c) c:read() end)
print(srv:close { grace = 1 }, srv:close())   --> true    false]],
    },
    {
      name = "set",
      signature = "listener:set(options)",
      summary = "Changes options: the listener's own, and those of connections still to come.",
      args = { { name = "options", type = "listener_set_options" } },
      options = "listener_set",
      results = "the listener; or nil, message, code if the system refuses",
      returns = { "listener? listener", "string? message", "string? code" },
      errors = {
        { "EINVAL", "the system does not take the value" },
        { "ECLOSED", "the listener was closed here" },
      },
      waits = false,
      example = [[
srv = listen(0, function(c) c:read() end)
srv:set { max_connections = 100 }
print(srv:get "max_connections")    --> 100]],
    },
    {
      name = "get",
      signature = "listener:get(name)",
      summary = "Tells the value of an option.",
      args = { { name = "name", type = "string", text = "one that listener:set takes" } },
      results = "the value in force; nil if there is none",
      returns = { "any value", "string? message", "string? code" },
      errors = { { "ECLOSED", "the listener was closed here" } },
      waits = false,
      example = [[
srv = listen(0, function(c) c:read() end)
print(srv:get "backlog")            --> 4096]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
    { name = "address", type = "string",
      summary = "Where it listens, with the real port; connect takes it as it is." },
    { name = "addresses", type = "string[]",
      summary = "All its addresses, where it listens in two families." },
    { name = "accepted", type = "integer", summary = "How many connections it has accepted." },
    { name = "open", type = "integer", summary = "How many of them are open." },
    { name = "tls", type = "certificate?",
      summary = "The certificate that it shows; its `ca`, if any, is for others to trust." },
    { name = "on_notify", type = "function?",
      summary = "May be assigned: what a service calls to tell the listener something." },
    { name = "fd", type = "integer?", summary = "The descriptor's number; nil when closed." },
  },
}
