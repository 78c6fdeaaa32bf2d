--- The manifest: sockets of datagrams.
return {
  class = "socket",
  aliases = { "sock", "udp" },
  title = "Sockets of datagrams",
  summary = 'What listen and connect return for "udp://": one socket, any number of peers.',
  methods = {
    {
      name = "send",
      signature = "socket:send([to,] data)",
      summary = "Sends one datagram.",
      args = {
        { name = "to", type = "string", text = 'an address as "host:port", or what came as the '
          .. "sender; may be left out where the socket is connected" },
        { name = "data", type = "string", text = "may be empty; at most 65507 bytes over IPv4" },
      },
      results = "true; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = {
        { "EMSGSIZE", "more than fits into a datagram" },
        { "EDNS", "the host is unknown" },
        { "EACCES", "a broadcast address, without the option broadcast" },
        { "EAFNOSUPPORT", "an address of another family than the socket's" },
        { "ENETUNREACH", "there is no way there" },
        { "ETIMEDOUT", "the system took too little within `timeout`; it stays queued" },
        { "ECLOSED", "the socket was closed here" },
      },
      waits = "for a name, and while too much is queued",
      text = [[
It waits while a name is looked up, and while more than `high_water` is queued. Datagrams leave in
the order of the calls. One that fails is lost, and costs no other. Those that a
handler sends back to where they came from leave together, at the end of what has just come; if the
system refuses one of these, it counts in socket.dropped.]],
      example = [[
echo = listen("udp://127.0.0.1:0", function(sock, data, from) sock:send(from, data:upper()) end)
sock = listen "udp://127.0.0.1:0"
sock:send(echo.address, "hello")
print((sock:read()))                --> HELLO]],
    },
    {
      name = "read",
      signature = "socket:read([options])",
      summary = "Waits for the next datagram.",
      args = { { name = "options", type = "socket_read_options?" } },
      options = "socket_read",
      results = "the data and its sender, and if it was longer than `read_size`, its whole size; "
        .. "or nil, message, code",
      returns = { "string? data", "string? from", "string|integer|nil code" },
      errors = {
        { "ETIMEDOUT", "nothing came within `timeout`" },
        { "ECONNREFUSED", "of a connected socket: nobody is there; told once, reading may go on" },
        { "ECLOSED", "the socket was closed here" },
      },
      waits = true,
      text = "For a socket without a handler; with one it raises. Several tasks may wait: each gets "
        .. "one datagram, in the order in which they came. An empty datagram is an empty string.",
      example = [[
sock = listen "udp://127.0.0.1:0"
connect(sock.address):send "hello"
data, from = sock:read { timeout = 5 }
print(data)                         --> hello]],
    },
    {
      name = "write",
      signature = "socket:write(...)",
      summary = "Sends one datagram, made of all the strings, to the peer of a connected socket.",
      args = { { name = "...", type = "string|number" } },
      results = "true; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "EMSGSIZE", "more than fits into a datagram" },
        { "ECLOSED", "the socket was closed here" } },
      waits = "only while more than `high_water` is queued",
      example = [[
sock = listen "udp://127.0.0.1:0"
connect(sock.address):write("answer: ", 42)
print((sock:read()))                --> answer: 42]],
    },
    {
      name = "join",
      signature = "socket:join(group [, interface])",
      summary = "Joins a multicast group: what is sent to it on the socket's port comes in.",
      args = {
        { name = "group", type = "string", text = 'an address: "239.1.2.3", "ff02::fb"' },
        { name = "interface", type = "string?", text = "its name, number or one of its addresses; "
          .. "without, the system chooses" },
      },
      results = "true; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = {
        { "EINVAL", "not a multicast address" },
        { "EADDRINUSE", "joined already" },
        { "ENODEV", "no such interface, or none that goes there" },
        { "EAFNOSUPPORT", "the socket is of another family" },
      },
      waits = false,
      text = "Only groups that this socket has joined come in, whatever others on the machine join.",
      example = [[
sock = listen "udp://0.0.0.0:0"
assert(sock:join("239.255.7.7", "127.0.0.1"))
print(sock:leave("239.255.7.7", "127.0.0.1"))   --> true]],
    },
    {
      name = "leave",
      signature = "socket:leave(group [, interface])",
      summary = "Leaves a multicast group.",
      args = {
        { name = "group", type = "string" },
        { name = "interface", type = "string?", text = "as it was joined" },
      },
      results = "true; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "EADDRNOTAVAIL", "the group was not joined" },
        { "ENODEV", "no such interface" } },
      waits = false,
      example = [[
sock = listen "udp://0.0.0.0:0"
sock:join("239.255.7.7", "127.0.0.1")
print(sock:leave("239.255.7.7", "127.0.0.1"))   --> true]],
    },
    {
      name = "set",
      signature = "socket:set(options)",
      summary = "Changes options.",
      args = { { name = "options", type = "socket_set_options" } },
      options = "socket_set",
      results = "the socket; or nil, message, code if the system refuses",
      returns = { "socket? socket", "string? message", "string? code" },
      errors = { { "EINVAL", "the system does not take the value" },
        { "ENODEV", "no such interface" }, { "ECLOSED", "the socket was closed here" } },
      waits = false,
      example = [[
sock = listen "udp://127.0.0.1:0"
sock:set { broadcast = true, multicast_ttl = 4 }
print(sock:get "multicast_ttl")     --> 4]],
    },
    {
      name = "get",
      signature = "socket:get(name)",
      summary = "Tells the value of an option.",
      args = { { name = "name", type = "string", text = "one that socket:set takes" } },
      results = "the value in force; nil if there is none",
      returns = { "any value", "string? message", "string? code" },
      errors = { { "ECLOSED", "the socket was closed here" } },
      waits = false,
      example = [[
sock = listen "udp://127.0.0.1:0"
print(sock:get "broadcast")         --> false]],
    },
    {
      name = "close",
      signature = "socket:close()",
      summary = "Closes the socket; calls of its handler that wait go on.",
      results = "true; false if it was closed already",
      returns = { "boolean closed" },
      waits = false,
      example = [[
sock = listen "udp://127.0.0.1:0"
print(sock:close(), sock:close())   --> true    false]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
    { name = "fd", type = "integer?", summary = "The descriptor's number; nil when closed." },
    { name = "address", type = "string?",
      summary = "Its own address with the real port, as connect takes it; nil when closed." },
    { name = "addresses", type = "string[]",
      summary = "All its addresses, where it is open in two families." },
    { name = "peer", type = "string?", summary = "Whom it is connected to; nil if to nobody." },
    { name = "bytes_in", type = "integer", summary = "How many bytes have come." },
    { name = "bytes_out", type = "integer", summary = "How many bytes have been sent." },
    { name = "packets_in", type = "integer", summary = "How many datagrams have come." },
    { name = "packets_out", type = "integer", summary = "How many datagrams have been sent." },
    { name = "dropped", type = "integer",
      summary = "How many datagrams the system refused after they had been queued." },
    { name = "queued", type = "integer",
      summary = "Bytes that wait to be sent; each datagram counts 64 more than it has." },
  },
}
