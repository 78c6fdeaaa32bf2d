--- Every option once: what it is called, takes, means and is when left out; and which
-- functions take it. Option checking in C++, help(), the manual and the LuaLS file all
-- come from here. An option that does not work yet is not listed, and hence refused.
--
-- types    any of boolean false integer number string function table map, joined by "|"; a map is
--          a table of strings by name
-- words    the strings that a string may be; any if absent
-- fields   the option table that its own fields are in
-- of       the table it belongs to, where the same name means something else elsewhere
-- meta     the type for editors, where it says more than `types`
-- default  the value when left out; `otherwise` says it in words where it is not a constant
local KIB, MIB = 1024, 1024 * 1024

local options = {
  -- sockets
  { name = "backlog", types = "integer", unit = "connections", min = 1, max = 2147483647,
    default = 4096, summary = "Bounds the connections that wait in the kernel to be accepted." },
  { name = "bind", types = "string", unit = "address",
    summary = "Names the local address to connect from: a host, or host:port." },
  { name = "broadcast", types = "boolean", default = false,
    summary = "Lets a socket of udp send to broadcast addresses." },
  { name = "ipv6only", types = "boolean", otherwise = "a socket for each family",
    summary = "Keeps IPv4 clients off a listener on an IPv6 address; false has one socket take both." },
  { name = "keepalive", types = "boolean", default = false,
    summary = "Has the kernel probe a silent peer, so that a dead one is noticed." },
  { name = "linger", types = "false|number", unit = "seconds", min = 0, max = 65535,
    default = false,
    summary = "Chooses how close ends: false drops what is queued, a number goes on sending it for "
      .. "so long, 0 resets." },
  { name = "multicast_interface", types = "string", otherwise = "as the system routes",
    summary = "Names the interface through which udp sends to groups: its name, number or address." },
  { name = "multicast_loop", types = "boolean", default = true,
    summary = "Gives what udp sends to a group to members on this machine as well." },
  { name = "multicast_ttl", types = "integer", unit = "hops", min = 0, max = 255, default = 1,
    summary = "Sets how many hops a datagram to a group may take." },
  { name = "nodelay", types = "boolean", default = true,
    summary = "Sends small writes at once instead of gathering them in the kernel." },
  { name = "proxy_protocol", types = "boolean", default = false,
    summary = "Expects the PROXY header, version 1 or 2, in front of each connection within 10 s; peer "
      .. "and sock are then whom the proxy stands for." },
  { name = "recvbuf", types = "integer", unit = "bytes", min = 1, max = 2147483647,
    otherwise = "as the system has it", summary = "Sets the kernel's receive buffer." },
  { name = "reuseaddr", types = "boolean", default = true,
    summary = "Lets an address be taken again right after its last owner is gone." },
  { name = "reuseport", types = "boolean", default = false,
    summary = "Opens one more socket on an address that is listened on, here or elsewhere." },
  { name = "sendbuf", types = "integer", unit = "bytes", min = 1, max = 2147483647,
    otherwise = "as the system has it", summary = "Sets the kernel's send buffer." },
  { name = "tos", types = "integer", min = 0, max = 255, otherwise = "as the system has it",
    summary = "Sets the type of service (traffic class) of what is sent." },
  { name = "ttl", types = "integer", unit = "hops", min = 1, max = 255,
    otherwise = "as the system has it", summary = "Sets how many hops a packet may take." },

  -- tls
  { name = "tls", types = "table", fields = "tls", otherwise = "certificates of the system",
    summary = "Says what TLS needs to know, see TLS: {cert =, key =, ca =, ...}." },
  { name = "alpn", of = "tls", types = "string|table", otherwise = "none", meta = "string|string[]",
    summary = "Names the protocols that we speak inside, best first: {\"h2\", \"http/1.1\"}." },
  { name = "ca", of = "tls", types = "string", otherwise = "the system's roots",
    summary = "Names who may sign the peer's certificate: a PEM file or its text." },
  { name = "cert", of = "tls", types = "string|table", meta = "string|string[]",
    otherwise = "a listener has one made for the session",
    summary = "Is our certificate, with those that signed it behind: a PEM file or its text; a "
      .. "list for several, of which the client's name chooses." },
  { name = "ciphers", of = "tls", types = "string", otherwise = "as OpenSSL has them",
    summary = "Lists the ciphers allowed, \":\" between; those of TLS 1.3 begin with TLS_, and alone "
      .. "they leave no other version." },
  { name = "client_auth", of = "tls", types = "string", words = { "none", "request", "require" },
    meta = '"none"|"request"|"require"', otherwise = "\"request\" with `ca`",
    summary = "Says whether a listener wants certificates of its clients." },
  { name = "insecure", of = "tls", types = "boolean", default = false,
    summary = "Checks nothing about the peer, and warns at each connection." },
  { name = "key", of = "tls", types = "string|table", otherwise = "it is with `cert`",
    meta = "string|string[]",
    summary = "Is the private key of the certificate: a PEM file or its text; a list for several." },
  { name = "keylog", of = "tls", types = "string", otherwise = "$SSLKEYLOGFILE",
    summary = "Names a file that the secrets are appended to, for Wireshark." },
  { name = "min_version", of = "tls", types = "string", words = { "1.2", "1.3" },
    meta = '"1.2"|"1.3"', otherwise = "\"1.2\"",
    summary = "Is the lowest version of TLS allowed." },
  { name = "pin", of = "tls", types = "string|table", meta = "string|string[]", otherwise = "none",
    summary = "Is the SHA-256 of the peer's public key, or a list: \"sha256//\" and base64, or hex; "
      .. "who signed, name and dates count no more then, unless verify=true." },
  { name = "server_name", of = "tls", types = "string", otherwise = "the address's host",
    summary = "Is the name to ask the server for, and to check its certificate against." },
  { name = "timeout", of = "tls", types = "number", unit = "seconds", min = 0, default = 10,
    summary = "Bounds the handshake." },
  { name = "verify", of = "tls", types = "boolean", default = true,
    summary = "Checks the peer's certificate; false is the same as insecure=true." },

  -- http
  { name = "http", types = "table", fields = "http", otherwise = "as below",
    summary = "Bounds what a listener of http or https takes: {max_body =, idle_timeout =, ...}." },
  { name = "body_rate", of = "http", types = "number", min = 1, default = 500,
    summary = "Is how many bytes of a body add a second to its `body_timeout`." },
  { name = "body_timeout", of = "http", types = "number", unit = "seconds", min = 0, default = 20,
    summary = "Bounds the time that is waited for a request's body, all waits together; `body_rate` "
      .. "adds to it; then reading fails, and 408 is the answer unless that has begun." },
  { name = "header_timeout", of = "http", types = "number", unit = "seconds", min = 0, default = 10,
    summary = "Bounds the time from the first byte of a request to the end of its head; then it is "
      .. "answered with 408." },
  { name = "idle_timeout", of = "http", types = "number", unit = "seconds", min = 0, default = 60,
    summary = "Closes a connection on which so long no request comes; bounds other waits for a client "
      .. "as well, unless `timeout` does." },
  { name = "max_body", of = "http", types = "integer", unit = "bytes", min = 0, default = 1 * MIB,
    summary = "Bounds a body that is read whole, or that nobody reads; one read in pieces has no "
      .. "limit." },
  { name = "max_fields", of = "http", types = "integer", min = 1, max = 10000, default = 100,
    summary = "Bounds how many fields a head has, and trailers." },
  { name = "max_head", of = "http", types = "integer", unit = "bytes", min = 64, max = 1 * MIB,
    default = 16 * KIB, summary = "Bounds the head of a request." },
  { name = "max_target", of = "http", types = "integer", unit = "bytes", min = 1, max = 1 * MIB,
    default = 8 * KIB, summary = "Bounds the target of a request: path and query." },

  -- time
  { name = "read_deadline", types = "number", unit = "seconds", min = 0, otherwise = "none",
    summary = "Drops a connection from which nothing has come for so long; 0 is none." },
  { name = "timeout", types = "number", unit = "seconds", min = 0, otherwise = "no limit",
    summary = "Bounds each wait of a call, which then returns nil, message, \"ETIMEDOUT\"." },
  { name = "timeout", of = "connect", types = "number", unit = "seconds", min = 0,
    default = 30,
    summary = "Bounds connecting, the look-up of the name and TLS included." },
  { name = "timeout", of = "resolve", types = "number", unit = "seconds", min = 0, default = 5,
    summary = "Bounds the wait for the name servers." },

  -- buffers and limits
  { name = "frame", types = "string|integer", words = { "line", "json", "xml" },
    meta = '"line"|"json"|"xml"|integer', min = 1, max = 1024 * MIB, otherwise = "none",
    summary = "Cuts the stream into messages, as connection:frame does: \"line\", \"json\", \"xml\" "
      .. "or a number of bytes." },
  { name = "high_water", types = "integer", unit = "bytes", min = 0, default = 1 * MIB,
    summary = "Makes write wait while more than this is queued." },
  { name = "low_water", types = "integer", unit = "bytes", min = 0, default = 256 * KIB,
    summary = "Ends the wait of write, and runs the drain hook, when the queue is down to this." },
  { name = "max", types = "integer", unit = "bytes", min = 1, default = 64 * MIB,
    summary = "Bounds read(n) and read \"a\"; beyond it they return nil, message, \"EMSGSIZE\" "
      .. "and the bytes stay." },
  { name = "max", of = "read_until", types = "integer", unit = "bytes", min = 1,
    otherwise = "max_line",
    summary = "Bounds what may come before the delimiter; beyond it the call returns nil, "
      .. "message, \"EMSGSIZE\"." },
  { name = "max_connections", types = "integer", unit = "connections", min = 1, max = 2147483647,
    otherwise = "the descriptor limit less 16",
    summary = "Stops accepting while so many connections of the listener are open." },
  { name = "max_line", types = "integer", unit = "bytes", min = 1, default = 1 * MIB,
    summary = "Bounds a line, or a value of frame \"json\"; a longer one gives nil, message, "
      .. "\"EMSGSIZE\" and the bytes stay." },
  { name = "max_tasks", types = "integer", unit = "tasks", min = 1, max = 1000000, default = 1000,
    summary = "Stops a socket of udp receiving while so many calls of its handler have not ended." },
  { name = "rate", types = "table", fields = "rate", otherwise = "none",
    summary = "Limits how many bytes a second come and go, smoothly: {read =, write =, burst =}." },
  { name = "burst", of = "rate", types = "number", unit = "bytes", min = 1,
    otherwise = "a tenth of a second's worth",
    summary = "Bounds what may move at once after a rest." },
  { name = "read", of = "rate", types = "number", unit = "bytes a second", min = -1, max = 1e12,
    default = -1, summary = "Limits what comes in; 0 and -1 are no limit." },
  { name = "write", of = "rate", types = "number", unit = "bytes a second", min = -1, max = 1e12,
    default = -1, summary = "Limits what goes out; 0 and -1 are no limit." },
  { name = "read_size", types = "integer", unit = "bytes", min = 1,
    max = 256 * KIB, default = 256 * KIB,
    summary = "Bounds what one receive takes, and so one call of the data hook; udp cuts longer "
      .. "datagrams, its default and most is 64 KiB." },
  { name = "unread_limit", types = "integer", unit = "bytes", min = 0, default = 1 * MIB,
    summary = "Stops receiving while so much is buffered and nobody reads." },

  -- websockets
  { name = "close_timeout", types = "number", unit = "seconds", min = 0, default = 5,
    summary = "Bounds the wait for the peer's Close frame, and for what is queued to leave." },
  { name = "compress", types = "boolean|table", fields = "compress", default = false,
    meta = "boolean|compress_options",
    summary = "Offers, or accepts, to compress messages (permessage-deflate): true, or how: "
      .. "{level =, threshold =, server_max_window_bits =, ...}." },
  { name = "client_max_window_bits", of = "compress", types = "integer", unit = "bits", min = 9,
    max = 15, default = 12, summary = "Bounds the window in which a client finds repetitions." },
  { name = "client_no_context_takeover", of = "compress", types = "boolean", default = false,
    summary = "Has a client compress each message without regard to those before." },
  { name = "level", of = "compress", types = "integer", min = 0, max = 9, default = 1,
    summary = "Chooses between speed and size, as zlib has it." },
  { name = "server_max_window_bits", of = "compress", types = "integer", unit = "bits", min = 9,
    max = 15, default = 12, summary = "Bounds the window of a server; its memory is 37 KiB a "
      .. "connection with 12 bits, 262 KiB with 15." },
  { name = "server_no_context_takeover", of = "compress", types = "boolean", default = false,
    summary = "Has a server compress each message without regard to those before." },
  { name = "threshold", of = "compress", types = "integer", unit = "bytes", min = 0,
    max = 1024 * MIB, default = 128, summary = "Sends shorter messages as they are." },
  { name = "headers", types = "map", otherwise = "none", meta = "table<string, string>",
    summary = "Adds fields to the request that opens a WebSocket: {Authorization = \"Bearer x\"}." },
  { name = "max_message", types = "integer", unit = "bytes", min = 1, max = 1024 * MIB,
    default = 16 * MIB, summary = "Bounds a message, decompressed; a longer one ends its WebSocket "
      .. "with status 1009." },
  { name = "origins", types = "string|table", otherwise = "any", meta = "string|string[]",
    summary = "Lists the pages that may connect, as browsers call them: \"https://example.org\", or "
      .. "\"same\" for those of this host; others, and who sends no Origin, get 403." },
  { name = "ping_interval", types = "number", unit = "seconds", min = 0, default = 30,
    summary = "Sends a ping when nothing has come for so long, at most twice that; 0 never does." },
  { name = "ping_timeout", types = "number", unit = "seconds", min = 0, default = 30,
    summary = "Drops a WebSocket from which nothing comes for so long after a ping; 0 never does." },
  { name = "protocols", types = "string|table", otherwise = "none", meta = "string|string[]",
    summary = "Names the subprotocols spoken; a client's order counts, and the one agreed on is in "
      .. "connection.protocol." },

  -- json
  { name = "ascii", of = "encode", types = "boolean", default = false,
    summary = "Writes all but ASCII as \\u escapes." },
  { name = "depth", of = "decode", types = "integer", unit = "levels", min = 1, max = 10000,
    default = 1000, summary = "Refuses arrays and objects that are nested deeper." },
  { name = "depth", of = "encode", types = "integer", unit = "levels", min = 1, max = 10000,
    default = 1000, summary = "Refuses tables that are nested deeper." },
  { name = "indent", of = "encode", types = "integer|string", min = 0, max = 16, default = 0,
    summary = "Puts each element and member on a line of its own, behind so many blanks a level, "
      .. "or behind this string of them; 0 is all on one line." },
  { name = "sort", of = "encode", types = "boolean", otherwise = "true with indent",
    summary = "Writes the members of objects by the bytes of their names, so that the same "
      .. "value gives the same text." },

  -- coming back after a loss
  { name = "reconnect", types = "table", fields = "reconnect", otherwise = "never",
    summary = "Connects again after each loss, and after failed attempts: {delay =, max =, "
      .. "factor =, jitter =, tries =, hello =, on_fail =}." },
  { name = "delay", of = "reconnect", types = "number", unit = "seconds", min = 0, default = 0,
    summary = "Is waited after a failed attempt; the first one after a loss is immediate; 0 never "
      .. "reconnects." },
  { name = "factor", of = "reconnect", types = "number", min = 1, default = 1,
    summary = "Makes each further wait so many times longer." },
  { name = "hello", of = "reconnect", types = "string", otherwise = "nothing",
    summary = "Is written first on each new connection." },
  { name = "jitter", of = "reconnect", types = "number", min = 0, max = 1, default = 0,
    summary = "Makes each wait longer or shorter by chance, at most by this fraction." },
  { name = "max", of = "reconnect", types = "number", unit = "seconds", min = 0, default = 60,
    summary = "Bounds the wait that factor makes longer." },
  { name = "on_fail", of = "reconnect", types = "function",
    meta = "fun(message: string, code: string, attempt: integer)", otherwise = "none",
    summary = "Is called as on_fail(message, code, attempt) after each failed attempt, which the "
      .. "log tells as well; attempt counts those in a row." },
  { name = "tries", of = "reconnect", types = "integer", unit = "attempts", min = 1,
    max = 1000000000, otherwise = "no limit",
    summary = "Gives up after so many failures in a row; connect, or the handler, then gets nil, "
      .. "message, code." },

  -- listener:close
  { name = "grace", of = "close", types = "number", unit = "seconds", min = 0, otherwise = "none",
    summary = "Takes who is connected already, and lets handlers end for so long; then closes them." },

  -- process
  { name = "clear_env", types = "boolean", default = false,
    summary = "Begins with an empty environment instead of ours." },
  { name = "cwd", types = "string", otherwise = "ours",
    summary = "Names the directory that the program starts in." },
  { name = "detached", types = "boolean", default = false,
    summary = "Puts the program in a session of its own, without our terminal." },
  { name = "env", types = "table", otherwise = "no changes", meta = "table<string, string|number|false>",
    summary = "Changes the environment: {NAME = value}; false takes a variable out." },
  { name = "input", of = "run", types = "string", otherwise = "none",
    summary = "Is what the program reads from its standard input." },
  { name = "max", of = "run", types = "integer", unit = "bytes", min = 1, default = 64 * MIB,
    summary = "Bounds what is collected of each stream; beyond it the program is killed and "
      .. "run returns nil, message, \"EMSGSIZE\"." },
  { name = "stderr", types = "string|integer", words = { "pipe", "inherit", "null", "stdout" },
    otherwise = "a pipe", meta = '"pipe"|"inherit"|"null"|"stdout"|integer|connection|file*',
    summary = "Says where its standard error goes: a pipe, ours, nowhere, where its standard "
      .. "output goes; a descriptor, connection or file." },
  { name = "stdin", types = "string|integer", words = { "pipe", "inherit", "null" },
    otherwise = "a pipe", meta = '"pipe"|"inherit"|"null"|integer|connection|file*',
    summary = "Says where its standard input comes from: a pipe, ours, nowhere; a descriptor, "
      .. "connection or file." },
  { name = "stdout", types = "string|integer", words = { "pipe", "inherit", "null" },
    otherwise = "a pipe", meta = '"pipe"|"inherit"|"null"|integer|connection|file*',
    summary = "Says where its standard output goes: a pipe, ours, nowhere; a descriptor, "
      .. "connection or file." },
  { name = "timeout", of = "run", types = "number", unit = "seconds", min = 0,
    otherwise = "no limit",
    summary = "Kills the program after so long; run then returns nil, message, \"ETIMEDOUT\"." },

  -- http.request
  { name = "auth", of = "request", types = "string", otherwise = "the URL's user",
    summary = "Is sent as basic authentication, to the URL's own origin only: \"user:password\"." },
  { name = "body", of = "request", types = "string|function", otherwise = "none",
    meta = "string|fun(): string?",
    summary = "Is sent: a string, or a function that gives a piece at each call and nil at the end; "
      .. "it may wait." },
  { name = "connect_timeout", of = "request", types = "number", unit = "seconds", min = 0,
    default = 30, summary = "Bounds connecting: names, proxies and TLS included." },
  { name = "cookies", of = "request", types = "table", meta = "http_jar", otherwise = "none",
    summary = "Is a jar made by http.jar: its cookies are sent, those that come are kept in it." },
  { name = "decode", of = "request", types = "boolean", default = true,
    summary = "Asks for gzip, deflate and br, and undoes them; false takes bodies as they are." },
  { name = "expect", of = "request", types = "boolean",
    otherwise = "true for functions and more than 1 MiB",
    summary = "Asks whether the body is wanted before it is sent, and waits a second at most." },
  { name = "form", of = "request", types = "table", otherwise = "none",
    meta = "table<string, string|number|(string|number)[]>",
    summary = "Is sent as a form's fields, as http.query writes them." },
  { name = "headers", of = "request", types = "table", otherwise = "none",
    meta = "table<string, string|number|string[]|false>",
    summary = "Adds header fields: {name = value}, a list for several of a name, false for none; or "
      .. "{{name, value}, ...} for an order." },
  { name = "idle_timeout", of = "request", types = "number", unit = "seconds", min = 0,
    default = 60, summary = "Bounds each wait for the server to send, or to take, something." },
  { name = "json", of = "request", types = "boolean|number|string|table", meta = "any",
    otherwise = "none", summary = "Is sent as json.encode writes it; the answer is asked for as JSON." },
  { name = "keep_alive", of = "request", types = "boolean", default = true,
    summary = "Uses a connection that is open already, and keeps this one for later requests." },
  { name = "max", of = "request", types = "integer", unit = "bytes", min = 0, default = 64 * MIB,
    summary = "Refuses a body that is longer, decoded; one that is streamed has no bound." },
  { name = "max_head", of = "request", types = "integer", unit = "bytes", min = 64, max = 16 * MIB,
    default = 16 * KIB, summary = "Refuses an answer whose head is longer." },
  { name = "max_ratio", of = "request", types = "number", min = 1, default = 200,
    summary = "Refuses a body of which, from 1 MiB on, so many times as many bytes come as were sent." },
  { name = "method", of = "request", types = "string", otherwise = "\"GET\", \"POST\" with a body",
    summary = "Is the method, in capital letters as servers expect it." },
  { name = "min_rate", of = "request", types = "number", min = 0, unit = "bytes/s", default = 500,
    summary = "Ends an answer that comes slower, once it has lasted `idle_timeout`; the body of one "
      .. "that is streamed may." },
  { name = "proxy", of = "request", types = "false|string", meta = "string|false",
    otherwise = "as the environment says",
    summary = "Goes through a proxy: \"http://[user:password@]host:port\" or \"socks5://...\"; false "
      .. "through none." },
  { name = "query", of = "request", types = "table", otherwise = "none",
    meta = "table<string, string|number|(string|number)[]>",
    summary = "Is added to the URL's query, as http.query writes it." },
  { name = "redirects", of = "request", types = "false|integer", min = 0, max = 1000, default = 10,
    summary = "Follows so many redirections; false and 0 return the first as it is." },
  { name = "stream", of = "request", types = "boolean", default = false,
    summary = "Returns as soon as the head is there; response:body and response:read then read." },
  { name = "timeout", of = "request", types = "number", unit = "seconds", min = 0,
    otherwise = "no limit",
    summary = "Bounds all of it, redirections included; with `stream` up to the head." },
  { name = "upgrade", of = "request", types = "string", otherwise = "none",
    summary = "Asks the server to go on with another protocol, as \"websocket\": after an answer of 101 the "
      .. "response's field connection is the program's." },
  { name = "url", of = "request", types = "string",
    summary = "Says what is asked for, and from whom: \"https://host/path?query\"." },

  -- initialize, loop
  { name = "methods", of = "initialize", types = "table", otherwise = "the fastest first",
    meta = "string[]",
    summary = "Lists the poll methods to try, in order of preference." },
  { name = "options", of = "initialize", types = "table", otherwise = "none",
    meta = "string[]",
    summary = "Lists any of \"strict\" (only the methods named), \"verbose\" (log adds, removes, "
      .. "aborts) and \"report\" (print counts every 5 s)." },
  { name = "io", of = "loop", types = "boolean", default = true,
    summary = "Looks at descriptors and signals." },
  { name = "timers", of = "loop", types = "boolean", default = true,
    summary = "Runs the timers that are due." },

  -- connection:on
  { name = "close", of = "hooks", types = "function|false",
    meta = "false|fun(c: connection, reason: string)",
    summary = "Is called as close(c, reason) exactly once, when the connection is gone; reason is "
      .. "\"eof\", \"closed\", \"reset\", \"timeout\" or \"error\"." },
  { name = "closing", of = "hooks", types = "function|false",
    meta = "false|fun(c: connection, reason: string)",
    summary = "Is called as closing(c, reason) just before the connection closes." },
  { name = "data", of = "hooks", types = "function|false",
    meta = "false|fun(c: connection, bytes: string)",
    summary = "Is called as data(c, bytes) for what has come; with a frame, per message." },
  { name = "drain", of = "hooks", types = "function|false", meta = "false|fun(c: connection)",
    summary = "Is called as drain(c) when the queue has fallen to low_water." },
  { name = "error", of = "hooks", types = "function|false",
    meta = "false|fun(c: connection, message: string, code: string)",
    summary = "Is called as error(c, message, code) when the connection fails." },
  { name = "message", of = "hooks", types = "function|false",
    meta = 'false|fun(c: connection, message: string, kind: "text"|"binary")',
    summary = "Is called as message(ws, message, kind) for each message of a WebSocket, which has no "
      .. "data hook; kind is \"text\" or \"binary\"." },
  { name = "open", of = "hooks", types = "function|false", meta = "false|fun(c: connection)",
    summary = "Is called as open(c) once, in the next turn if the connection is open already." },
  { name = "shutdown", of = "hooks", types = "function|false", meta = "false|fun(c: connection)",
    summary = "Is called as shutdown(c) when the peer has ended its direction; ours stays open." },

  -- inspect
  { name = "depth", of = "inspect", types = "integer", unit = "levels", min = 1, default = 4,
    summary = "Shows tables nested so deep; deeper ones as {...}." },
  { name = "items", of = "inspect", types = "integer", unit = "items", min = 0, default = 100,
    summary = "Shows so many items of each table, then how many more there are." },
  { name = "width", of = "inspect", types = "integer", unit = "columns", min = 1, default = 80,
    summary = "Puts a table on one line if it fits in so many columns." },
}

local stream = { "frame", "high_water", "keepalive", "linger", "low_water", "max_line", "nodelay",
  "rate", "read_deadline", "read_size", "recvbuf", "sendbuf", "timeout", "tos", "ttl",
  "unread_limit" }

local datagram = { "broadcast", "high_water", "low_water", "multicast_interface", "multicast_loop",
  "multicast_ttl", "read_size", "recvbuf", "sendbuf", "timeout", "tos", "ttl", "unread_limit" }

local websocket = { "close_timeout", "compress", "max_message", "ping_interval", "ping_timeout",
  "protocols" }

local function and_datagram(...)
  local all = { ... }
  return table.move(datagram, 1, #datagram, #all + 1, all)
end

local function with(...)
  local all = { ... }
  return table.move(stream, 1, #stream, #all + 1, all)
end

--- What a stream takes that has no frames of its own, and what a WebSocket does.
local function with_websocket(...)
  local all = { ... }
  for _, name in ipairs(stream) do
    if name ~= "frame" then all[#all + 1] = name end
  end
  return table.move(websocket, 1, #websocket, #all + 1, all)
end

--- Which options a table takes, by the name of the table.
local tables = {
  accept = { "timeout" },
  close = { "grace" },
  compress = { "client_max_window_bits", "client_no_context_takeover", "level",
    "server_max_window_bits", "server_no_context_takeover", "threshold" },
  connect = with("bind", "broadcast", "headers", "multicast_interface", "multicast_loop",
    "multicast_ttl", "reconnect", "tls", table.unpack(websocket)),
  decode = { "depth" },
  encode = { "ascii", "depth", "indent", "sort" },
  flush = { "timeout" },
  hooks = { "close", "closing", "data", "drain", "error", "message", "open", "shutdown" },
  initialize = { "methods", "options" },
  inspect = { "depth", "items", "width" },
  http = { "body_rate", "body_timeout", "header_timeout", "idle_timeout", "max_body", "max_fields",
    "max_head", "max_target" },
  listen = with("backlog", "broadcast", "http", "ipv6only", "max_connections", "max_tasks",
    "multicast_interface", "multicast_loop", "multicast_ttl", "origins", "proxy_protocol",
    "reuseaddr", "reuseport", "tls", table.unpack(websocket)),
  listener_set = with("backlog", "max_connections", "proxy_protocol"),
  loop = { "io", "timers" },
  pipe = { "timeout" },
  rate = { "burst", "read", "write" },
  reconnect = { "delay", "factor", "hello", "jitter", "max", "on_fail", "tries" },
  read = { "max", "timeout" },
  read_until = { "max", "timeout" },
  request = { "auth", "body", "connect_timeout", "cookies", "decode", "expect", "form", "headers",
    "idle_timeout", "json", "keep_alive", "max", "max_head", "max_ratio", "method", "min_rate", "proxy", "query",
    "redirects", "stream", "timeout", "tls", "upgrade", "url" },
  resolve = { "timeout" },
  run = { "clear_env", "cwd", "env", "input", "max", "stderr", "timeout" },
  set = stream,
  socket_read = { "timeout" },
  socket_set = and_datagram("max_tasks"),
  spawn = { "clear_env", "cwd", "detached", "env", "stderr", "stdin", "stdout" },
  tls = { "alpn", "ca", "cert", "ciphers", "client_auth", "insecure", "key", "keylog",
    "min_version", "pin", "server_name", "timeout", "verify" },
  udp_connect = and_datagram("bind"),
  udp_listen = and_datagram("ipv6only", "max_tasks", "reuseaddr", "reuseport"),
  ws_accept = { "origins", table.unpack(websocket) },
  ws_connect = with_websocket("bind", "headers", "reconnect", "tls"),
  ws_listen = with_websocket("backlog", "ipv6only", "max_connections", "origins",
    "proxy_protocol", "reuseaddr", "reuseport", "tls"),
}

--- How a table is called in messages, where not by its own name.
local functions = { decode = "json.decode", encode = "json.encode", hooks = "on",
  listener_set = "set", request = "http.request", resolve = "dns.resolve", run = "process.run",
  ws_accept = "ws.accept", ws_connect = "connect", ws_listen = "listen", socket_read = "read",
  socket_set = "set", spawn = "process.spawn", tls = "starttls" }

--- Those of services, the log and mail stand in a file of their own.
local more = require "manifest.service_options"
table.move(more.options, 1, #more.options, #options + 1, options)
for name, names in pairs(more.tables) do tables[name] = names end
for name, called in pairs(more.functions) do functions[name] = called end

return { options = options, tables = tables, functions = functions }
