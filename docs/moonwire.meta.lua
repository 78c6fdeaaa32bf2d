---@meta moonwire
-- Made by tools/manifest.lua from lua/manifest/; not to be edited.

---@class accept_options
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)

---@class close_options
---@field grace? number # Takes who is connected already, and lets handlers end for so long; then closes them. (seconds, default none)

---@class compress_options
---@field client_max_window_bits? integer # Bounds the window in which a client finds repetitions. (bits, default 12)
---@field client_no_context_takeover? boolean # Has a client compress each message without regard to those before. (default false)
---@field level? integer # Chooses between speed and size, as zlib has it. (default 1)
---@field server_max_window_bits? integer # Bounds the window of a server; its memory is 37 KiB a connection with 12 bits, 262 KiB with 15. (bits, default 12)
---@field server_no_context_takeover? boolean # Has a server compress each message without regard to those before. (default false)
---@field threshold? integer # Sends shorter messages as they are. (bytes, default 128)

---@class connect_options
---@field bind? string # Names the local address to connect from: a host, or host:port. (address)
---@field broadcast? boolean # Lets a socket of udp send to broadcast addresses. (default false)
---@field close_timeout? number # Bounds the wait for the peer's Close frame, and for what is queued to leave. (seconds, default 5)
---@field compress? boolean|compress_options # Offers, or accepts, to compress messages (permessage-deflate): true, or how: {level =, threshold =, server_max_window_bits =, ...}. (default false)
---@field frame? "line"|"json"|"xml"|integer # Cuts the stream into messages, as connection:frame does: "line", "json", "xml" or a number of bytes. (default none)
---@field headers? table<string, string> # Adds fields to the request that opens a WebSocket: {Authorization = "Bearer x"}. (default none)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field keepalive? boolean # Has the kernel probe a silent peer, so that a dead one is noticed. (default false)
---@field linger? false|number # Chooses how close ends: false drops what is queued, a number goes on sending it for so long, 0 resets. (seconds, default false)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field max_line? integer # Bounds a line, or a value of frame "json"; a longer one gives nil, message, "EMSGSIZE" and the bytes stay. (bytes, default 1 MiB)
---@field max_message? integer # Bounds a message, decompressed; a longer one ends its WebSocket with status 1009. (bytes, default 16 MiB)
---@field multicast_interface? string # Names the interface through which udp sends to groups: its name, number or address. (default as the system routes)
---@field multicast_loop? boolean # Gives what udp sends to a group to members on this machine as well. (default true)
---@field multicast_ttl? integer # Sets how many hops a datagram to a group may take. (hops, default 1)
---@field nodelay? boolean # Sends small writes at once instead of gathering them in the kernel. (default true)
---@field ping_interval? number # Sends a ping when nothing has come for so long, at most twice that; 0 never does. (seconds, default 30)
---@field ping_timeout? number # Drops a WebSocket from which nothing comes for so long after a ping; 0 never does. (seconds, default 30)
---@field protocols? string|string[] # Names the subprotocols spoken; a client's order counts, and the one agreed on is in connection.protocol. (default none)
---@field rate? rate_options # Limits how many bytes a second come and go, smoothly: {read =, write =, burst =}. (default none)
---@field read_deadline? number # Drops a connection from which nothing has come for so long; 0 is none. (seconds, default none)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field reconnect? reconnect_options # Connects again after each loss, and after failed attempts: {delay =, max =, factor =, jitter =, tries =, hello =, on_fail =}. (default never)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds connecting, the look-up of the name and TLS included. (seconds, default 30)
---@field tls? tls_options # Says what TLS needs to know, see TLS: {cert =, key =, ca =, ...}. (default certificates of the system)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class decode_options
---@field depth? integer # Refuses arrays and objects that are nested deeper. (levels, default 1000)

---@class encode_options
---@field ascii? boolean # Writes all but ASCII as \u escapes. (default false)
---@field depth? integer # Refuses tables that are nested deeper. (levels, default 1000)
---@field indent? integer|string # Puts each element and member on a line of its own, behind so many blanks a level, or behind this string of them; 0 is all on one line. (default 0)
---@field sort? boolean # Writes the members of objects by the bytes of their names, so that the same value gives the same text. (default true with indent)

---@class flush_options
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)

---@class hooks_options
---@field close? false|fun(c: connection, reason: string) # Is called as close(c, reason) exactly once, when the connection is gone; reason is "eof", "closed", "reset", "timeout" or "error".
---@field closing? false|fun(c: connection, reason: string) # Is called as closing(c, reason) just before the connection closes.
---@field data? false|fun(c: connection, bytes: string) # Is called as data(c, bytes) for what has come; with a frame, per message.
---@field drain? false|fun(c: connection) # Is called as drain(c) when the queue has fallen to low_water.
---@field error? false|fun(c: connection, message: string, code: string) # Is called as error(c, message, code) when the connection fails.
---@field message? false|fun(c: connection, message: string, kind: "text"|"binary") # Is called as message(ws, message, kind) for each message of a WebSocket, which has no data hook; kind is "text" or "binary".
---@field open? false|fun(c: connection) # Is called as open(c) once, in the next turn if the connection is open already.
---@field shutdown? false|fun(c: connection) # Is called as shutdown(c) when the peer has ended its direction; ours stays open.

---@class http_options
---@field body_rate? number # Is how many bytes of a body add a second to its `body_timeout`. (default 500)
---@field body_timeout? number # Bounds the time that is waited for a request's body, all waits together; `body_rate` adds to it; then reading fails, and 408 is the answer unless that has begun. (seconds, default 20)
---@field header_timeout? number # Bounds the time from the first byte of a request to the end of its head; then it is answered with 408. (seconds, default 10)
---@field idle_timeout? number # Closes a connection on which so long no request comes; bounds other waits for a client as well, unless `timeout` does. (seconds, default 60)
---@field max_body? integer # Bounds a body that is read whole, or that nobody reads; one read in pieces has no limit. (bytes, default 1 MiB)
---@field max_fields? integer # Bounds how many fields a head has, and trailers. (default 100)
---@field max_head? integer # Bounds the head of a request. (bytes, default 16 KiB)
---@field max_target? integer # Bounds the target of a request: path and query. (bytes, default 8 KiB)

---@class initialize_options
---@field methods? string[] # Lists the poll methods to try, in order of preference. (default the fastest first)
---@field options? string[] # Lists any of "strict" (only the methods named), "verbose" (log adds, removes, aborts) and "report" (print counts every 5 s). (default none)

---@class inspect_options
---@field depth? integer # Shows tables nested so deep; deeper ones as {...}. (levels, default 4)
---@field items? integer # Shows so many items of each table, then how many more there are. (items, default 100)
---@field width? integer # Puts a table on one line if it fits in so many columns. (columns, default 80)

---@class listen_options
---@field backlog? integer # Bounds the connections that wait in the kernel to be accepted. (connections, default 4096)
---@field broadcast? boolean # Lets a socket of udp send to broadcast addresses. (default false)
---@field close_timeout? number # Bounds the wait for the peer's Close frame, and for what is queued to leave. (seconds, default 5)
---@field compress? boolean|compress_options # Offers, or accepts, to compress messages (permessage-deflate): true, or how: {level =, threshold =, server_max_window_bits =, ...}. (default false)
---@field frame? "line"|"json"|"xml"|integer # Cuts the stream into messages, as connection:frame does: "line", "json", "xml" or a number of bytes. (default none)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field http? http_options # Bounds what a listener of http or https takes: {max_body =, idle_timeout =, ...}. (default as below)
---@field ipv6only? boolean # Keeps IPv4 clients off a listener on an IPv6 address; false has one socket take both. (default a socket for each family)
---@field keepalive? boolean # Has the kernel probe a silent peer, so that a dead one is noticed. (default false)
---@field linger? false|number # Chooses how close ends: false drops what is queued, a number goes on sending it for so long, 0 resets. (seconds, default false)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field max_connections? integer # Stops accepting while so many connections of the listener are open. (connections, default the descriptor limit less 16)
---@field max_line? integer # Bounds a line, or a value of frame "json"; a longer one gives nil, message, "EMSGSIZE" and the bytes stay. (bytes, default 1 MiB)
---@field max_message? integer # Bounds a message, decompressed; a longer one ends its WebSocket with status 1009. (bytes, default 16 MiB)
---@field max_tasks? integer # Stops a socket of udp receiving while so many calls of its handler have not ended. (tasks, default 1000)
---@field multicast_interface? string # Names the interface through which udp sends to groups: its name, number or address. (default as the system routes)
---@field multicast_loop? boolean # Gives what udp sends to a group to members on this machine as well. (default true)
---@field multicast_ttl? integer # Sets how many hops a datagram to a group may take. (hops, default 1)
---@field nodelay? boolean # Sends small writes at once instead of gathering them in the kernel. (default true)
---@field origins? string|string[] # Lists the pages that may connect, as browsers call them: "https://example.org", or "same" for those of this host; others, and who sends no Origin, get 403. (default any)
---@field ping_interval? number # Sends a ping when nothing has come for so long, at most twice that; 0 never does. (seconds, default 30)
---@field ping_timeout? number # Drops a WebSocket from which nothing comes for so long after a ping; 0 never does. (seconds, default 30)
---@field protocols? string|string[] # Names the subprotocols spoken; a client's order counts, and the one agreed on is in connection.protocol. (default none)
---@field proxy_protocol? boolean # Expects the PROXY header, version 1 or 2, in front of each connection within 10 s; peer and sock are then whom the proxy stands for. (default false)
---@field rate? rate_options # Limits how many bytes a second come and go, smoothly: {read =, write =, burst =}. (default none)
---@field read_deadline? number # Drops a connection from which nothing has come for so long; 0 is none. (seconds, default none)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field reuseaddr? boolean # Lets an address be taken again right after its last owner is gone. (default true)
---@field reuseport? boolean # Opens one more socket on an address that is listened on, here or elsewhere. (default false)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)
---@field tls? tls_options # Says what TLS needs to know, see TLS: {cert =, key =, ca =, ...}. (default certificates of the system)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class listener_set_options
---@field backlog? integer # Bounds the connections that wait in the kernel to be accepted. (connections, default 4096)
---@field frame? "line"|"json"|"xml"|integer # Cuts the stream into messages, as connection:frame does: "line", "json", "xml" or a number of bytes. (default none)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field keepalive? boolean # Has the kernel probe a silent peer, so that a dead one is noticed. (default false)
---@field linger? false|number # Chooses how close ends: false drops what is queued, a number goes on sending it for so long, 0 resets. (seconds, default false)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field max_connections? integer # Stops accepting while so many connections of the listener are open. (connections, default the descriptor limit less 16)
---@field max_line? integer # Bounds a line, or a value of frame "json"; a longer one gives nil, message, "EMSGSIZE" and the bytes stay. (bytes, default 1 MiB)
---@field nodelay? boolean # Sends small writes at once instead of gathering them in the kernel. (default true)
---@field proxy_protocol? boolean # Expects the PROXY header, version 1 or 2, in front of each connection within 10 s; peer and sock are then whom the proxy stands for. (default false)
---@field rate? rate_options # Limits how many bytes a second come and go, smoothly: {read =, write =, burst =}. (default none)
---@field read_deadline? number # Drops a connection from which nothing has come for so long; 0 is none. (seconds, default none)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class log_file_options
---@field every? "hour"|"day" # Begins a new file with each hour or day, by local time. (default never)
---@field format? "text"|"json" # Writes lines for people, or an object with time, level and message. (default "text")
---@field keep? integer # Keeps so many old files, NAME.1 being the youngest. (files, default 5)
---@field max_size? integer # Begins a new file before this one is larger. (bytes, default no limit)

---@class log_mail_options
---@field from? string # Names the sender: "ann@example.org", "Ann <ann@example.org>".
---@field interval? number # Is the least time between two mails. (seconds, default 60)
---@field level? "error"|"warn"|"info"|"debug"|"debug2" # Is the last level that goes by mail. (default "info")
---@field password? string # Goes with `user`.
---@field server? string # Names the server: host, host:port, or that behind smtp:// or smtps://, which begins with TLS (port 465). (address, default "127.0.0.1:25")
---@field subject? string # Begins the subject; behind it is the number of messages. (default "moonwire")
---@field tls? boolean|tls_options # Says how the mail server is spoken to, as with smtp.send. (default if the server offers it)
---@field to? string|string[] # Names the recipients.
---@field user? string # Is who we are to the server, by AUTH PLAIN or LOGIN. (default no authentication)

---@class log_syslog_options
---@field address? string # Says where the system's log is: "unix:/path" or "udp://host:514". (default "unix:/dev/log")
---@field facility? string # Is the kind of program that we are. (default "user")
---@field level? "error"|"warn"|"info"|"debug"|"debug2" # Is the last level that goes there. (default that of log.level)
---@field tag? string # Is the name that we have there. (default the script's name)

---@class loop_options
---@field io? boolean # Looks at descriptors and signals. (default true)
---@field timers? boolean # Runs the timers that are due. (default true)

---@class pipe_options
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)

---@class rate_options
---@field burst? number # Bounds what may move at once after a rest. (bytes, default a tenth of a second's worth)
---@field read? number # Limits what comes in; 0 and -1 are no limit. (bytes a second, default -1)
---@field write? number # Limits what goes out; 0 and -1 are no limit. (bytes a second, default -1)

---@class read_options
---@field max? integer # Bounds read(n) and read "a"; beyond it they return nil, message, "EMSGSIZE" and the bytes stay. (bytes, default 64 MiB)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)

---@class read_until_options
---@field max? integer # Bounds what may come before the delimiter; beyond it the call returns nil, message, "EMSGSIZE". (bytes, default max_line)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)

---@class reconnect_options
---@field delay? number # Is waited after a failed attempt; the first one after a loss is immediate; 0 never reconnects. (seconds, default 0)
---@field factor? number # Makes each further wait so many times longer. (default 1)
---@field hello? string # Is written first on each new connection. (default nothing)
---@field jitter? number # Makes each wait longer or shorter by chance, at most by this fraction. (default 0)
---@field max? number # Bounds the wait that factor makes longer. (seconds, default 60)
---@field on_fail? fun(message: string, code: string, attempt: integer) # Is called as on_fail(message, code, attempt) after each failed attempt, which the log tells as well; attempt counts those in a row. (default none)
---@field tries? integer # Gives up after so many failures in a row; connect, or the handler, then gets nil, message, code. (attempts, default no limit)

---@class reconnecting_client_options
---@field address? integer|string # Says where to listen or connect to, see Addresses.
---@field build_protocol? fun(factory: table, conn: connection): table # Makes the protocol of a connection: returns what `protocol` may be. (default one of `protocol`)
---@field options? table # Is given to listen or connect. (default none)
---@field protocol? table # Has the functions of a protocol, see service.tcp_server. (default one that does nothing)
---@field reconnect_delay? number # Has a lost connection tried again: at once, then so long after each attempt; 0 never. (seconds, default 0)

---@class request_options
---@field auth? string # Is sent as basic authentication, to the URL's own origin only: "user:password". (default the URL's user)
---@field body? string|fun(): string? # Is sent: a string, or a function that gives a piece at each call and nil at the end; it may wait. (default none)
---@field connect_timeout? number # Bounds connecting: names, proxies and TLS included. (seconds, default 30)
---@field cookies? http_jar # Is a jar made by http.jar: its cookies are sent, those that come are kept in it. (default none)
---@field decode? boolean # Asks for gzip, deflate and br, and undoes them; false takes bodies as they are. (default true)
---@field expect? boolean # Asks whether the body is wanted before it is sent, and waits a second at most. (default true for functions and more than 1 MiB)
---@field form? table<string, string|number|(string|number)[]> # Is sent as a form's fields, as http.query writes them. (default none)
---@field headers? table<string, string|number|string[]|false> # Adds header fields: {name = value}, a list for several of a name, false for none; or {{name, value}, ...} for an order. (default none)
---@field idle_timeout? number # Bounds each wait for the server to send, or to take, something. (seconds, default 60)
---@field json? any # Is sent as json.encode writes it; the answer is asked for as JSON. (default none)
---@field keep_alive? boolean # Uses a connection that is open already, and keeps this one for later requests. (default true)
---@field max? integer # Refuses a body that is longer, decoded; one that is streamed has no bound. (bytes, default 64 MiB)
---@field max_head? integer # Refuses an answer whose head is longer. (bytes, default 16 KiB)
---@field max_ratio? number # Refuses a body of which, from 1 MiB on, so many times as many bytes come as were sent. (default 200)
---@field method? string # Is the method, in capital letters as servers expect it. (default "GET", "POST" with a body)
---@field min_rate? number # Ends an answer that comes slower, once it has lasted `idle_timeout`; the body of one that is streamed may. (bytes/s, default 500)
---@field proxy? string|false # Goes through a proxy: "http://[user:password@]host:port" or "socks5://..."; false through none. (default as the environment says)
---@field query? table<string, string|number|(string|number)[]> # Is added to the URL's query, as http.query writes it. (default none)
---@field redirects? false|integer # Follows so many redirections; false and 0 return the first as it is. (default 10)
---@field stream? boolean # Returns as soon as the head is there; response:body and response:read then read. (default false)
---@field timeout? number # Bounds all of it, redirections included; with `stream` up to the head. (seconds, default no limit)
---@field tls? tls_options # Says what TLS needs to know, see TLS: {cert =, key =, ca =, ...}. (default certificates of the system)
---@field upgrade? string # Asks the server to go on with another protocol, as "websocket": after an answer of 101 the response's field connection is the program's. (default none)
---@field url? string # Says what is asked for, and from whom: "https://host/path?query".

---@class resolve_options
---@field timeout? number # Bounds the wait for the name servers. (seconds, default 5)

---@class run_options
---@field clear_env? boolean # Begins with an empty environment instead of ours. (default false)
---@field cwd? string # Names the directory that the program starts in. (default ours)
---@field env? table<string, string|number|false> # Changes the environment: {NAME = value}; false takes a variable out. (default no changes)
---@field input? string # Is what the program reads from its standard input. (default none)
---@field max? integer # Bounds what is collected of each stream; beyond it the program is killed and run returns nil, message, "EMSGSIZE". (bytes, default 64 MiB)
---@field stderr? "pipe"|"inherit"|"null"|"stdout"|integer|connection|file* # Says where its standard error goes: a pipe, ours, nowhere, where its standard output goes; a descriptor, connection or file. (default a pipe)
---@field timeout? number # Kills the program after so long; run then returns nil, message, "ETIMEDOUT". (seconds, default no limit)

---@class set_options
---@field frame? "line"|"json"|"xml"|integer # Cuts the stream into messages, as connection:frame does: "line", "json", "xml" or a number of bytes. (default none)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field keepalive? boolean # Has the kernel probe a silent peer, so that a dead one is noticed. (default false)
---@field linger? false|number # Chooses how close ends: false drops what is queued, a number goes on sending it for so long, 0 resets. (seconds, default false)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field max_line? integer # Bounds a line, or a value of frame "json"; a longer one gives nil, message, "EMSGSIZE" and the bytes stay. (bytes, default 1 MiB)
---@field nodelay? boolean # Sends small writes at once instead of gathering them in the kernel. (default true)
---@field rate? rate_options # Limits how many bytes a second come and go, smoothly: {read =, write =, burst =}. (default none)
---@field read_deadline? number # Drops a connection from which nothing has come for so long; 0 is none. (seconds, default none)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class smtp_options
---@field bcc? string|string[] # Names recipients that the others do not see. (default nobody)
---@field body? string # Is the text, in UTF-8. (default empty)
---@field cc? string|string[] # Names recipients of a copy. (default nobody)
---@field from? string # Names the sender: "ann@example.org", "Ann <ann@example.org>".
---@field headers? table<string, string> # Adds headers by name, or replaces those that are made: Date, Message-ID, Content-Type. (default none)
---@field hello? string # Is the name that EHLO says. (default our address)
---@field message? string # Is the whole message, headers included, as it is. (default made of the others)
---@field password? string # Goes with `user`.
---@field server? string # Names the server: host, host:port, or that behind smtp:// or smtps://, which begins with TLS (port 465). (address, default "127.0.0.1:25")
---@field subject? string # Is the subject. (default empty)
---@field timeout? number # Bounds connecting and each answer of the server. (seconds, default 60)
---@field tls? boolean|tls_options # Says whether STARTTLS must be: true or a table of options of TLS always, false never. (default if the server offers it)
---@field to? string|string[] # Names the recipients.
---@field user? string # Is who we are to the server, by AUTH PLAIN or LOGIN. (default no authentication)

---@class socket_read_options
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)

---@class socket_set_options
---@field broadcast? boolean # Lets a socket of udp send to broadcast addresses. (default false)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field max_tasks? integer # Stops a socket of udp receiving while so many calls of its handler have not ended. (tasks, default 1000)
---@field multicast_interface? string # Names the interface through which udp sends to groups: its name, number or address. (default as the system routes)
---@field multicast_loop? boolean # Gives what udp sends to a group to members on this machine as well. (default true)
---@field multicast_ttl? integer # Sets how many hops a datagram to a group may take. (hops, default 1)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class spawn_options
---@field clear_env? boolean # Begins with an empty environment instead of ours. (default false)
---@field cwd? string # Names the directory that the program starts in. (default ours)
---@field detached? boolean # Puts the program in a session of its own, without our terminal. (default false)
---@field env? table<string, string|number|false> # Changes the environment: {NAME = value}; false takes a variable out. (default no changes)
---@field stderr? "pipe"|"inherit"|"null"|"stdout"|integer|connection|file* # Says where its standard error goes: a pipe, ours, nowhere, where its standard output goes; a descriptor, connection or file. (default a pipe)
---@field stdin? "pipe"|"inherit"|"null"|integer|connection|file* # Says where its standard input comes from: a pipe, ours, nowhere; a descriptor, connection or file. (default a pipe)
---@field stdout? "pipe"|"inherit"|"null"|integer|connection|file* # Says where its standard output goes: a pipe, ours, nowhere; a descriptor, connection or file. (default a pipe)

---@class tcp_server_options
---@field address? integer|string # Says where to listen or connect to, see Addresses.
---@field build_protocol? fun(factory: table, conn: connection): table # Makes the protocol of a connection: returns what `protocol` may be. (default one of `protocol`)
---@field options? table # Is given to listen or connect. (default none)
---@field protocol? table # Has the functions of a protocol, see service.tcp_server. (default one that does nothing)

---@class tls_options
---@field alpn? string|string[] # Names the protocols that we speak inside, best first: {"h2", "http/1.1"}. (default none)
---@field ca? string # Names who may sign the peer's certificate: a PEM file or its text. (default the system's roots)
---@field cert? string|string[] # Is our certificate, with those that signed it behind: a PEM file or its text; a list for several, of which the client's name chooses. (default a listener has one made for the session)
---@field ciphers? string # Lists the ciphers allowed, ":" between; those of TLS 1.3 begin with TLS_, and alone they leave no other version. (default as OpenSSL has them)
---@field client_auth? "none"|"request"|"require" # Says whether a listener wants certificates of its clients. (default "request" with `ca`)
---@field insecure? boolean # Checks nothing about the peer, and warns at each connection. (default false)
---@field key? string|string[] # Is the private key of the certificate: a PEM file or its text; a list for several. (default it is with `cert`)
---@field keylog? string # Names a file that the secrets are appended to, for Wireshark. (default $SSLKEYLOGFILE)
---@field min_version? "1.2"|"1.3" # Is the lowest version of TLS allowed. (default "1.2")
---@field pin? string|string[] # Is the SHA-256 of the peer's public key, or a list: "sha256//" and base64, or hex; who signed, name and dates count no more then, unless verify=true. (default none)
---@field server_name? string # Is the name to ask the server for, and to check its certificate against. (default the address's host)
---@field timeout? number # Bounds the handshake. (seconds, default 10)
---@field verify? boolean # Checks the peer's certificate; false is the same as insecure=true. (default true)

---@class udp_connect_options
---@field bind? string # Names the local address to connect from: a host, or host:port. (address)
---@field broadcast? boolean # Lets a socket of udp send to broadcast addresses. (default false)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field multicast_interface? string # Names the interface through which udp sends to groups: its name, number or address. (default as the system routes)
---@field multicast_loop? boolean # Gives what udp sends to a group to members on this machine as well. (default true)
---@field multicast_ttl? integer # Sets how many hops a datagram to a group may take. (hops, default 1)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class udp_listen_options
---@field broadcast? boolean # Lets a socket of udp send to broadcast addresses. (default false)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field ipv6only? boolean # Keeps IPv4 clients off a listener on an IPv6 address; false has one socket take both. (default a socket for each family)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field max_tasks? integer # Stops a socket of udp receiving while so many calls of its handler have not ended. (tasks, default 1000)
---@field multicast_interface? string # Names the interface through which udp sends to groups: its name, number or address. (default as the system routes)
---@field multicast_loop? boolean # Gives what udp sends to a group to members on this machine as well. (default true)
---@field multicast_ttl? integer # Sets how many hops a datagram to a group may take. (hops, default 1)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field reuseaddr? boolean # Lets an address be taken again right after its last owner is gone. (default true)
---@field reuseport? boolean # Opens one more socket on an address that is listened on, here or elsewhere. (default false)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class udp_server_options
---@field address? integer|string # Says where to listen or connect to, see Addresses.
---@field options? table # Is given to listen or connect. (default none)
---@field protocol? table # Has the functions of a protocol, see service.tcp_server. (default one that does nothing)

---@class web_server_options
---@field address? integer|string # Says where to listen or connect to, see Addresses.
---@field app? function|table # Is the handler of requests: a function, or http.app(). (default one that greets)
---@field log? boolean|fun(line: string) # Writes a line for each answer: true to the log, or calls a function with it. (default false)
---@field options? table # Is given to listen or connect. (default none)

---@class workers_options
---@field daemon? boolean # Leaves the terminal first, as process.daemonize does. (default false)
---@field delay? number # Is how long after its end a worker is started again; twice as long after each that ends within ten seconds. (seconds, default 0.1)
---@field grace? number # Is how long a worker may take to end before it is killed. (seconds, default 10)
---@field group? string # Is the group that workers have. (default the user's)
---@field max_delay? number # Bounds the growing delay. (seconds, default 30)
---@field pid_file? string # Is where the supervisor's number is written; one of a supervisor that runs is refused. (path, default none)
---@field processes? integer # Is how many workers there are. (processes, default 1)
---@field user? string # Is the user that workers become before they begin. (default who started it)

---@class ws_accept_options
---@field close_timeout? number # Bounds the wait for the peer's Close frame, and for what is queued to leave. (seconds, default 5)
---@field compress? boolean|compress_options # Offers, or accepts, to compress messages (permessage-deflate): true, or how: {level =, threshold =, server_max_window_bits =, ...}. (default false)
---@field max_message? integer # Bounds a message, decompressed; a longer one ends its WebSocket with status 1009. (bytes, default 16 MiB)
---@field origins? string|string[] # Lists the pages that may connect, as browsers call them: "https://example.org", or "same" for those of this host; others, and who sends no Origin, get 403. (default any)
---@field ping_interval? number # Sends a ping when nothing has come for so long, at most twice that; 0 never does. (seconds, default 30)
---@field ping_timeout? number # Drops a WebSocket from which nothing comes for so long after a ping; 0 never does. (seconds, default 30)
---@field protocols? string|string[] # Names the subprotocols spoken; a client's order counts, and the one agreed on is in connection.protocol. (default none)

---@class ws_connect_options
---@field bind? string # Names the local address to connect from: a host, or host:port. (address)
---@field close_timeout? number # Bounds the wait for the peer's Close frame, and for what is queued to leave. (seconds, default 5)
---@field compress? boolean|compress_options # Offers, or accepts, to compress messages (permessage-deflate): true, or how: {level =, threshold =, server_max_window_bits =, ...}. (default false)
---@field headers? table<string, string> # Adds fields to the request that opens a WebSocket: {Authorization = "Bearer x"}. (default none)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field keepalive? boolean # Has the kernel probe a silent peer, so that a dead one is noticed. (default false)
---@field linger? false|number # Chooses how close ends: false drops what is queued, a number goes on sending it for so long, 0 resets. (seconds, default false)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field max_line? integer # Bounds a line, or a value of frame "json"; a longer one gives nil, message, "EMSGSIZE" and the bytes stay. (bytes, default 1 MiB)
---@field max_message? integer # Bounds a message, decompressed; a longer one ends its WebSocket with status 1009. (bytes, default 16 MiB)
---@field nodelay? boolean # Sends small writes at once instead of gathering them in the kernel. (default true)
---@field ping_interval? number # Sends a ping when nothing has come for so long, at most twice that; 0 never does. (seconds, default 30)
---@field ping_timeout? number # Drops a WebSocket from which nothing comes for so long after a ping; 0 never does. (seconds, default 30)
---@field protocols? string|string[] # Names the subprotocols spoken; a client's order counts, and the one agreed on is in connection.protocol. (default none)
---@field rate? rate_options # Limits how many bytes a second come and go, smoothly: {read =, write =, burst =}. (default none)
---@field read_deadline? number # Drops a connection from which nothing has come for so long; 0 is none. (seconds, default none)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field reconnect? reconnect_options # Connects again after each loss, and after failed attempts: {delay =, max =, factor =, jitter =, tries =, hello =, on_fail =}. (default never)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)
---@field tls? tls_options # Says what TLS needs to know, see TLS: {cert =, key =, ca =, ...}. (default certificates of the system)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class ws_listen_options
---@field backlog? integer # Bounds the connections that wait in the kernel to be accepted. (connections, default 4096)
---@field close_timeout? number # Bounds the wait for the peer's Close frame, and for what is queued to leave. (seconds, default 5)
---@field compress? boolean|compress_options # Offers, or accepts, to compress messages (permessage-deflate): true, or how: {level =, threshold =, server_max_window_bits =, ...}. (default false)
---@field high_water? integer # Makes write wait while more than this is queued. (bytes, default 1 MiB)
---@field ipv6only? boolean # Keeps IPv4 clients off a listener on an IPv6 address; false has one socket take both. (default a socket for each family)
---@field keepalive? boolean # Has the kernel probe a silent peer, so that a dead one is noticed. (default false)
---@field linger? false|number # Chooses how close ends: false drops what is queued, a number goes on sending it for so long, 0 resets. (seconds, default false)
---@field low_water? integer # Ends the wait of write, and runs the drain hook, when the queue is down to this. (bytes, default 256 KiB)
---@field max_connections? integer # Stops accepting while so many connections of the listener are open. (connections, default the descriptor limit less 16)
---@field max_line? integer # Bounds a line, or a value of frame "json"; a longer one gives nil, message, "EMSGSIZE" and the bytes stay. (bytes, default 1 MiB)
---@field max_message? integer # Bounds a message, decompressed; a longer one ends its WebSocket with status 1009. (bytes, default 16 MiB)
---@field nodelay? boolean # Sends small writes at once instead of gathering them in the kernel. (default true)
---@field origins? string|string[] # Lists the pages that may connect, as browsers call them: "https://example.org", or "same" for those of this host; others, and who sends no Origin, get 403. (default any)
---@field ping_interval? number # Sends a ping when nothing has come for so long, at most twice that; 0 never does. (seconds, default 30)
---@field ping_timeout? number # Drops a WebSocket from which nothing comes for so long after a ping; 0 never does. (seconds, default 30)
---@field protocols? string|string[] # Names the subprotocols spoken; a client's order counts, and the one agreed on is in connection.protocol. (default none)
---@field proxy_protocol? boolean # Expects the PROXY header, version 1 or 2, in front of each connection within 10 s; peer and sock are then whom the proxy stands for. (default false)
---@field rate? rate_options # Limits how many bytes a second come and go, smoothly: {read =, write =, burst =}. (default none)
---@field read_deadline? number # Drops a connection from which nothing has come for so long; 0 is none. (seconds, default none)
---@field read_size? integer # Bounds what one receive takes, and so one call of the data hook; udp cuts longer datagrams, its default and most is 64 KiB. (bytes, default 256 KiB)
---@field recvbuf? integer # Sets the kernel's receive buffer. (bytes, default as the system has it)
---@field reuseaddr? boolean # Lets an address be taken again right after its last owner is gone. (default true)
---@field reuseport? boolean # Opens one more socket on an address that is listened on, here or elsewhere. (default false)
---@field sendbuf? integer # Sets the kernel's send buffer. (bytes, default as the system has it)
---@field timeout? number # Bounds each wait of a call, which then returns nil, message, "ETIMEDOUT". (seconds, default no limit)
---@field tls? tls_options # Says what TLS needs to know, see TLS: {cert =, key =, ca =, ...}. (default certificates of the system)
---@field tos? integer # Sets the type of service (traffic class) of what is sent. (default as the system has it)
---@field ttl? integer # Sets how many hops a packet may take. (hops, default as the system has it)
---@field unread_limit? integer # Stops receiving while so much is buffered and nobody reads. (bytes, default 1 MiB)

---@class connection_failure
---@field message string
---@field code string

---@class connection_tls
---@field version string
---@field cipher string
---@field alpn string?
---@field server_name string?
---@field resumed boolean
---@field verified boolean?
---@field peer certificate?

---@class certificate
---@field subject string
---@field issuer string
---@field names string?
---@field fingerprint string
---@field pin string
---@field valid_from integer
---@field expires integer
---@field ca string?

---@class websocket_request
---@field method string
---@field target string
---@field path string
---@field query string?
---@field headers table<string, string>

---A stream of bytes to a peer: what connect returns and handlers are given.
---@class connection
---@field id integer # A small number: conns[id] is the connection.
---@field peer string? # The address of the other end.
---@field sock string? # The address of this end.
---@field bytes_in integer # Bytes received.
---@field bytes_out integer # Bytes the kernel has taken to send.
---@field queued integer # Bytes written that wait to be sent.
---@field state string # Names what it is doing, see above.
---@field opened number? # When it was opened, on the clock of now.
---@field attempts integer # How many attempts to connect have failed in a row (option reconnect).
---@field tls connection_tls? # What TLS agreed on, and the peer's certificate; nil without TLS.
---@field failure connection_failure? # Why it, the last read or attempt failed: a table with message and code, or nil.
---@field fd integer? # The descriptor's number; nil when closed.
---@field protocol string? # The subprotocol that a WebSocket has agreed on.
---@field request websocket_request? # What a client opened a WebSocket with; headers have names in small letters.
---@field latency number? # Seconds between a WebSocket's last ping and its answer.
---@field close_code integer? # The status that a WebSocket's peer closed with: 1005 none, 1006 no word.
---@field close_reason string? # The reason that it gave.
local connection = {}

---Reads what is there, a number of bytes, a line, or everything.
---
---With connection:frame set it returns one message, of kind json its value. One task at a time reads: a second one raises, and so does reading while a data hook is set.
---
---```lua
---srv = listen(0, function(c) c:write("3\nabc rest") end)
---c = connect(srv.address)
---local size = tonumber(c:read "l")
---print(c:read(size), c:read "a")     --> abc     rest
---```
---@async
---@param what? integer|"l"|"L"|"a" # absent = what is there, n = exactly n bytes, "l" = a line without its end, "L" = with it, "a" = all up to the end
---@param options? read_options
---@return string? bytes
---@return string? message
---@return string? code
function connection:read(what, options) end

---Iterates over the lines, or over what else read would return.
---
---It ends at the end of the stream, at a failure, or at a line longer than `max_line`; then connection.failure tells why. A last line without its end is delivered.
---
---```lua
---srv = listen(0, function(c) c:write("one\ntwo\n") end)
---for line in connect(srv.address):lines() do print(line) end
-----> one
-----> two
---```
---@async
---@param what? integer|"l"|"L" # as in read (default "l")
---@return fun(conn: connection): string iterator
---@return connection conn
function connection:lines(what) end

---Reads up to a delimiter, which is dropped.
---
---```lua
---srv = listen(0, function(c) c:write("key: value\r\n\r\n") end)
---c = connect(srv.address)
---print(c:read_until ": ", c:read_until "\r\n")   --> key    value
---```
---@async
---@param delimiter string # not empty; taken as it is
---@param options? read_until_options
---@return string? bytes
---@return string? message
---@return string? code
function connection:read_until(delimiter, options) end

---Takes what is buffered, never waiting.
---
---```lua
---srv = listen(0, function(c) c:write("hello") end)
---c = connect(srv.address)
---sleep(0.1)
---print(c:take(4), c:take())          --> hell    o
---```
---@param n? integer # at most so many (bytes, default all)
---@return string bytes
function connection:take(n) end

---Shows what is buffered without taking it, never waiting.
---
---```lua
---srv = listen(0, function(c) c:write("hello") end)
---c = connect(srv.address)
---sleep(0.1)
---print(c:peek(1), c:read(5))         --> h    hello
---```
---@param n? integer # at most so many (bytes, default all)
---@return string bytes
function connection:peek(n) end

---Puts bytes back, to be read next.
---
---```lua
---srv = listen(0, function(c) c:write("world") end)
---c = connect(srv.address)
---c:unread("hello ")
---print(c:read(11))                   --> hello world
---```
---@param data string
---@return true? ok
---@return string? message
---@return string? code
function connection:unread(data) end

---Queues strings to be sent, in this order.
---
---What a task writes before it waits leaves together.
---
---```lua
---srv = listen(0, function(c) print(c:read "l") end)
---c = connect(srv.address)
---c:write("answer: ", 42, "\n")
---sleep(0.1)                          --> answer: 42
---```
---@async
---@param ... string|number
---@return true? ok
---@return string? message
---@return string? code
function connection:write(...) end

---Waits until all that is queued has left.
---
---```lua
---srv = listen(0, function(c) c:read "a" end)
---c = connect(srv.address)
---c:write(("x"):rep(100000))
---print(c:flush(), c.queued)          --> true    0
---```
---@async
---@param options? flush_options
---@return true? ok
---@return string? message
---@return string? code
function connection:flush(options) end

---Sends what is queued, then data, then closes.
---
---```lua
---srv = listen(0, function(c) c:finish("bye\n") end)
---c = connect(srv.address)
---print(c:read "l", c:read())         --> bye    nil
---```
---@param data? string
---@return true? ok
---@return string? message
---@return string? code
function connection:finish(data) end

---Closes at once.
---
---What the kernel does not take at once is lost: connection:finish sends it first. Waiting reads and writes return nil, message, "ECLOSED"; timers and tasks of the connection end. A WebSocket sends what is queued and its Close frame, and waits in the background for the peer's, at most for `close_timeout`.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---c = connect(srv.address)
---print(c:close(), c:close())         --> true    false
---```
---@param status? integer # of a WebSocket: 1000 to 1014, but not 1004 to 1006, or 3000 to 4999 (default 1000)
---@param reason? string # for the peer of a WebSocket: at most 123 bytes
---@return boolean closed
function connection:close(status, reason) end

---Ends our direction when what is queued has left; reading goes on.
---
---```lua
---srv = listen(0, function(c) c:write(#c:read "a") end)
---c = connect(srv.address)
---c:write("12345")
---c:shutdown()
---print(c:read "a")                   --> 5
---```
---@return true? ok
---@return string? message
---@return string? code
function connection:shutdown() end

---Resets the connection: everything queued is lost, the peer gets an error.
---
---```lua
---srv = listen(0, function(c) print(select(3, c:read())) end)
---c = connect(srv.address)
---sleep(0.05)
---c:abort()
---sleep(0.05)                         --> ECONNRESET
---```
---@return boolean closed
function connection:abort() end

---Goes on with TLS from here on.
---
---What was written before leaves as it is. A connection that was accepted has the server's part, one that connected the client's.
---
---```lua
---srv = listen(0, function(c)
---  if c:read "l" == "STARTTLS" then c:write "go\n" assert(c:starttls()) end
---  c:write("your secret\n")
---end)
---c = connect(srv.address)
---c:write("STARTTLS\n")
---c:read "l"
---c:starttls { server_name = "localhost" }
---print(c.tls.version, c:read "l")    --> TLSv1.3    your secret
---```
---@async
---@param options? tls_options # as in the option `tls` of listen and connect, see TLS
---@return connection? conn
---@return string? message
---@return string? code
function connection:starttls(options) end

---Sends all that comes to another connection, up to the end.
---
---At the end of the stream the direction to the other is ended as well. The slower side sets the pace. Where much comes, the kernel moves it from socket to socket. When the time is over both go on, and what comes from then on can be read.
---
---```lua
---srv = listen(0, function(c) c:pipe(c) end)   -- an echo
---c = connect(srv.address)
---c:write("again\n")
---print(c:read "l")                   --> again
---```
---@async
---@param other connection
---@param options? pipe_options
---@return integer? bytes
---@return string? message
---@return string? code
function connection:pipe(other, options) end

---Cuts the stream into messages from here on.
---
---read and data hooks then get one message at a time, lines without their end. Bytes already
---buffered count.
---
---With "json" they get values as json.decode makes them. Values stand one behind the other, with or
---without blanks or newlines between them; one may go over many lines, and be as long as max_line. A
---number, true, false or null ends with what follows it. null is json.null, so that nil is still the end. What
---is no JSON gives nil, message, "EPROTO" to read, and is gone then; a data hook's connection fails
---with it. write takes strings, as ever: `c:write(json.encode(value), "\n")`.
---
---With "xml" they get elements in the same way, as { name =, attributes = {name = value}, children = {} }:
---a child is another one, or text. Blanks, comments and instructions between elements are passed over;
---document types are refused, and so entities but the five of XML.
---
---```lua
---srv = listen(0, function(c) c:write("one\ntwo\n", '{"three": 3}\n[4]') end)
---c = connect(srv.address)
---c:frame("line")
---print(c:read(), c:read())           --> one    two
---c:frame("json")
---print(c:read().three, c:read()[1])  --> 3      4
---```
---@param kind "line"|"json"|"xml"|integer|nil # "line", "json", "xml", or n for messages of n bytes, 1 GiB at most; nil for none
---@return connection conn
function connection:frame(kind) end

---Sets functions to be called when something happens.
---
---Hooks run as tasks, one at a time for each connection: one that waits holds back the next call. One that fails costs its connection.
---
---```lua
---srv = listen(0, function(c)
---  c:on { data = function(c, bytes) c:write(bytes:upper()) end,
---         close = function(c, reason) print("closed", reason) end }
---end)
---c = connect(srv.address)
---c:write("loud")
---print(c:read(4))
---c:close()
---sleep(0.1)
-----> LOUD
-----> closed    eof
---```
---@param hooks hooks_options # false takes a hook away, the others stay as they are
---@return connection conn
function connection:on(hooks) end

---Changes options.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---c = connect(srv.address)
---c:set { nodelay = false, high_water = 65536 }
---print(c:get "high_water")           --> 65536
---```
---@param options set_options
---@return connection? conn
---@return string? message
---@return string? code
function connection:set(options) end

---Tells the value of an option.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---c = connect(srv.address, { recvbuf = 65536 })
---print(c:get "recvbuf" >= 65536)     --> true
---```
---@param name string # one that connection:set takes
---@return any value
---@return string? message
---@return string? code
function connection:get(name) end

---Sets a timer that ends with the connection.
---
---Otherwise it is as timeout. On a closed connection it raises.
---
---```lua
---srv = listen(0, function(c)
---  c:timeout(0.01, function() c:write("tick\n"); return true end)
---  c:read()
---end)
---c = connect(srv.address)
---print(c:read "l")                   --> tick
---c:close()
---```
---@param seconds number|nil # (seconds)
---@param fn fun(...): boolean? # called as fn(...), as a task
---@param ... any
---@return timer timer
function connection:timeout(seconds, fn, ...) end

---Starts a task that is cancelled when the connection ends.
---
---task:detach lets it live on. An error in it costs the connection.
---
---```lua
---srv = listen(0, function(c)
---  c:spawn(function() while true do c:write("beat\n"); sleep(0.01) end end)
---  c:read()
---end)
---c = connect(srv.address)
---print(c:read "l")                   --> beat
---c:close()
---```
---@param fn function # called as fn(...)
---@param ... any
---@return task task
function connection:spawn(fn, ...) end

---Writes a line to the log that begins with the connection's peer.
---
---Once the module log is loaded it is that log, with its level, file and whatever else.
---
---```lua
---srv = listen(0, function(c) c:log("info", "here you are") end)
---connect(srv.address):read()
---```
---@param level "error"|"warn"|"info"|"debug"|"debug2"
---@param ... any
function connection:log(level, ...) end

---Iterates over the messages of a WebSocket.
---
---It ends when the peer has closed, or at a failure; then connection.failure tells why.
---
---```lua
---srv = listen("ws://:0/", function(ws) ws:write("one") ws:write("\1\2", "binary") end)
---for message, kind in connect(srv.address):messages() do print(#message, kind) end
-----> 3    text
-----> 2    binary
---```
---@async
---@return fun(ws: connection): string?, string? iterator
---@return connection ws
function connection:messages() end

---Sends a WebSocket's ping; the answer sets connection.latency.
---
---Pings that are due by `ping_interval` leave by themselves.
---
---```lua
---srv = listen("ws://:0/", function(ws) ws:read() end)
---ws = connect(srv.address)
---ws:ping()
---sleep(0.1)
---print(ws.latency < 0.1)             --> true
---```
---@param data? string # at most 125 bytes, which come back
---@return true? ok
---@return string? message
---@return string? code
function connection:ping(data) end

---What listen returns: a socket that takes connections.
---@class listener
---@field id integer # A small number that names it in listings.
---@field address string # Where it listens, with the real port; connect takes it as it is.
---@field addresses string[] # All its addresses, where it listens in two families.
---@field accepted integer # How many connections it has accepted.
---@field open integer # How many of them are open.
---@field tls certificate? # The certificate that it shows; its `ca`, if any, is for others to trust.
---@field on_notify function? # May be assigned: what a service calls to tell the listener something.
---@field fd integer? # The descriptor's number; nil when closed.
local listener = {}

---Waits for the next connection.
---
---For a listener without a handler; with one it raises.
---
---```lua
---srv = listen(0)
---spawn(function() connect(srv.address):write("hello") end)
---c = srv:accept()
---print(c:read(5))                    --> hello
---```
---@async
---@param options? accept_options
---@return connection? conn
---@return string? message
---@return string? code
function listener:accept(options) end

---Closes the listening socket; its connections go on.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---print(srv:close { grace = 1 }, srv:close())   --> true    false
---```
---@param options? close_options
---@return boolean closed
function listener:close(options) end

---Changes options: the listener's own, and those of connections still to come.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---srv:set { max_connections = 100 }
---print(srv:get "max_connections")    --> 100
---```
---@param options listener_set_options
---@return listener? listener
---@return string? message
---@return string? code
function listener:set(options) end

---Tells the value of an option.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---print(srv:get "backlog")            --> 4096
---```
---@param name string # one that listener:set takes
---@return any value
---@return string? message
---@return string? code
function listener:get(name) end

---What read(x, fn), write(x, fn) and except(x, fn) return.
---@class watcher
---@field id integer # A small number that names it in listings.
local watcher = {}

---Arms it, or arms it anew.
---
---```lua
---srv = listen(0, function(c) sleep(0.1) end)
---w = read(connect(srv.address), print, "nothing came")
---w:add(0.01)
---sleep(0.1)                          --> nothing came
---```
---@param seconds? number # calls fn after so long even if nothing has come (seconds, default no limit)
---@return watcher watcher
function watcher:add(seconds) end

---Disarms it: nothing is delivered to it from here on.
---
---```lua
---srv = listen(0, function(c) sleep(0.1) end)
---w = read(connect(srv.address), print)
---print(w:delete(), w:delete())       --> true    false
---```
---@return boolean deleted
function watcher:delete() end

---Tells whether it is armed.
---
---```lua
---srv = listen(0, function(c) sleep(0.1) end)
---w = read(connect(srv.address), print)
---print(w:pending())                  --> true
---w:delete()
---```
---@return boolean pending
function watcher:pending() end

---Makes it stay, whatever fn returns.
---
---```lua
---srv = listen(0, function(c) c:write("a") sleep(0.05) c:write("b") end)
---c = connect(srv.address)
---w = read(c, function() io.write(c:take()) end):persistent()
---sleep(0.02)
---print(w:pending())                  --> true
---w:delete()
---```
---@return watcher watcher
function watcher:persistent() end

---Puts writes before reads on its descriptor.
---
---So what is read in one pass is answered in the next, after the before_sleep hooks have run.
---
---```lua
---srv = listen(0, function(c) sleep(0.1) end)
---w = write(connect(srv.address), print, "writable"):barrier(true)
---sleep(0.1)                          --> writable
---```
---@param on boolean
---@return watcher watcher
function watcher:barrier(on) end

---Names it in listings and tracebacks.
---
---```lua
---srv = listen(0, function(c) sleep(0.1) end)
---w = read(connect(srv.address), print):label "upstream"
---print(why())
---w:delete()
---```
---@param text string
---@return watcher watcher
function watcher:label(text) end

---What timeout and connection:timeout return.
---@class timer
---@field id integer # A small number that names it in listings.
local timer = {}

---Arms it, or moves it, counted from now.
---
---Inside fn it sets the next delay, whatever fn returns.
---
---```lua
---t = timeout(nil, print, "ring")
---t:add(0.01)
---sleep(0.1)                          --> ring
---```
---@param seconds? number # (seconds, default the time it has)
---@return timer timer
function timer:add(seconds) end

---Disarms it.
---
---```lua
---t = timeout(60, print)
---print(t:delete(), t:delete())       --> true    false
---```
---@return boolean deleted
function timer:delete() end

---Disarms it, as delete does; restart arms it again.
---
---```lua
---t = timeout(0.01, print, "after all")
---print(t:cancel())
---t:restart()
---sleep(0.1)
-----> true
-----> after all
---```
---@return boolean cancelled
function timer:cancel() end

---Tells whether it is armed.
---
---```lua
---t = timeout(60, print)
---print(t:pending())                  --> true
---t:delete()
---```
---@return boolean pending
function timer:pending() end

---Tells whether it will still fire: the same as pending.
---
---```lua
---t = timeout(60, print)
---t:cancel()
---print(t:alive())                    --> false
---```
---@return boolean alive
function timer:alive() end

---Arms it with the time it has, counted from now.
---
---It postpones a timer that is armed and repeats one that has fired.
---
---```lua
---t = timeout(60, print, "late")
---sleep(0.3)
---t:restart()
---print(t:remaining() > 59.7)    --> true
---t:delete()
---```
---@return timer timer
function timer:restart() end

---Gives it another time and arms it.
---
---```lua
---t = timeout(60, print, "sooner")
---t:reset(0.01)
---sleep(0.1)                          --> sooner
---```
---@param seconds number # (seconds)
---@return timer timer
function timer:reset(seconds) end

---Tells how long it still takes.
---
---```lua
---t = timeout(60, print)
---print(t:remaining() > 59)           --> true
---t:delete()
---```
---@return number seconds
function timer:remaining() end

---Tells when it is due, or was last, on the clock of now.
---
---```lua
---t = timeout(60, print)
---print(t:due() > now())              --> true
---t:delete()
---```
---@return number? seconds
function timer:due() end

---Calls a function once, when the timer is gone for good.
---
---```lua
---t = timeout(0.01, print, "fired"):on_free(function() print "freed" end)
---sleep(0.05)
---init()
---sleep(0.05)
-----> fired
-----> freed
---```
---@param fn fun() # not before the timer's own callback has returned
---@return timer timer
function timer:on_free(fn) end

---Names it in listings and tracebacks.
---
---```lua
---t = timeout(60, print):label "heartbeat"
---print(timers())
---t:delete()
---```
---@param text string
---@return timer timer
function timer:label(text) end

---What signal returns.
---@class signal
---@field id integer # A small number that names it in listings.
---@field name string # The signal's name, with SIG.
local signal = {}

---Arms it, or arms it anew.
---
---```lua
---s = signal("USR2", function()
---  print "no signal came"            --> no signal came
---  s:delete()
---end)
---s:add(0.05)
---sleep(0.08)
---```
---@param seconds? number # calls fn after so long even if the signal has not come (seconds, default no limit)
---@return signal signal
function signal:add(seconds) end

---Disarms it; with the last watcher of a signal its old handling comes back.
---
---```lua
---s = signal("USR2", print)
---print(s:delete(), s:delete())       --> true    false
---```
---@return boolean deleted
function signal:delete() end

---Tells whether it is armed.
---
---```lua
---s = signal("USR2", print)
---print(s:pending())                  --> true
---s:delete()
---```
---@return boolean pending
function signal:pending() end

---What event returns: one callback for several causes.
---@class event
---@field id integer # A small number that names it in listings.
local event = {}

---Arms it, or arms it anew.
---
---```lua
---srv = listen(0, function(c) c:write("x") end)
---c = connect(srv.address)
---event(function(ev, handle, fired) print(fired == EV_READ, handle == c) end, nil, "read", c):add(1)
---sleep(0.1)                          --> true    true
---```
---@param seconds? number # fires EV_TIMEOUT after so long; a pure timer without it is not armed (seconds, default no limit)
---@return event event
function event:add(seconds) end

---Disarms it, its time-out included.
---
---```lua
---ev = event(print)
---ev:add(60)
---print(ev:delete(), ev:delete())     --> true    false
---```
---@return boolean deleted
function event:delete() end

---Tells whether it is armed.
---
---```lua
---ev = event(print)
---print(ev:pending())                 --> false
---```
---@return boolean pending
function event:pending() end

---What before_sleep and after_sleep return.
---@class hook
---@field id integer # A small number that names it in listings.
local hook = {}

---Removes it; the others stay.
---
---```lua
---h = before_sleep(function() end)
---print(h:delete(), h:delete())       --> true    false
---```
---@return boolean deleted
function hook:delete() end

---What spawn and connection:spawn return.
---@class task
---@field id integer # A small number that names it in listings.
local task = {}

---Waits for its end.
---
---```lua
---print(spawn(function() return "a", "b" end):join())   --> a    b
---```
---@async
---@param seconds? number # (seconds, default no limit)
---@return any ...
function task:join(seconds) end

---Ends it: what it waits for raises "cancelled", so <close> variables run.
---
---It raises once; at its next wait a cancelled task ends for good. A task that cancels itself ends at its next wait.
---
---```lua
---t = spawn(function() sleep(60) end)
---sleep(0)
---print(t:cancel())
---sleep(0)
---print(t:alive())
-----> true
-----> false
---```
---@return boolean cancelled
function task:cancel() end

---Tells whether it has not ended.
---
---```lua
---t = spawn(function() end)
---print(t:alive())
---t:join()
---print(t:alive())
-----> true
-----> false
---```
---@return boolean alive
function task:alive() end

---Frees it from its connection: it lives on when the connection ends.
---
---```lua
---srv = listen(0, function(c)
---  c:spawn(function() sleep(0.05) print "outlived it" end):detach()
---end)
---connect(srv.address):read()
---sleep(0.1)                          --> outlived it
---```
---@return task task
function task:detach() end

---What thread returns.
---@class thread
---@field id integer # A small number that names it in listings.
local thread = {}

---Waits for its end.
---
---Every join of the same thread gives the same, in copies of its own. A failure that nobody waits for is printed.
---
---```lua
---t = thread(function() error("bad", 0) end)
---print(t:join())                     --> nil    bad    ELUA
---```
---@async
---@param seconds? number # (seconds, default no limit)
---@return any ...
function thread:join(seconds) end

---Ends it: what it waits for, and what it runs.
---
---Its <close> variables run, its connections send what they have. A call of the system that blocks, such as os.execute, ends first.
---
---```lua
---t = thread(function() sleep(60) end)
---print(t:cancel(), t:join())         --> true    nil    cancelled    ECANCELED
---```
---@return boolean cancelled
function thread:cancel() end

---Tells whether it has not ended.
---
---```lua
---t = thread(function() end)
---print(t:alive())
---t:join()
---print(t:alive())
-----> true
-----> false
---```
---@return boolean alive
function thread:alive() end

---What bus.on and bus.once return.
---@class bus_listener
---@field id integer # A small number that names it in listings.
---@field name string # What it listens to.
local bus_listener = {}

---Ends it: what is on its way is dropped.
---
---```lua
---l = require("bus").on("news", print)
---print(l:delete(), l:delete())       --> true    false
---```
---@return boolean deleted
function bus_listener:delete() end

---Tells whether it listens.
---
---```lua
---l = require("bus").on("news", print)
---print(l:pending())                  --> true
---l:delete()
---```
---@return boolean pending
function bus_listener:pending() end

---What listen and connect return for "udp://": one socket, any number of peers.
---@class socket
---@field id integer # A small number that names it in listings.
---@field fd integer? # The descriptor's number; nil when closed.
---@field address string? # Its own address with the real port, as connect takes it; nil when closed.
---@field addresses string[] # All its addresses, where it is open in two families.
---@field peer string? # Whom it is connected to; nil if to nobody.
---@field bytes_in integer # How many bytes have come.
---@field bytes_out integer # How many bytes have been sent.
---@field packets_in integer # How many datagrams have come.
---@field packets_out integer # How many datagrams have been sent.
---@field dropped integer # How many datagrams the system refused after they had been queued.
---@field queued integer # Bytes that wait to be sent; each datagram counts 64 more than it has.
local socket = {}

---Sends one datagram.
---
---It waits while a name is looked up, and while more than `high_water` is queued. Datagrams leave in
---the order of the calls. One that fails is lost, and costs no other. Those that a
---handler sends back to where they came from leave together, at the end of what has just come; if the
---system refuses one of these, it counts in socket.dropped.
---
---```lua
---echo = listen("udp://127.0.0.1:0", function(sock, data, from) sock:send(from, data:upper()) end)
---sock = listen "udp://127.0.0.1:0"
---sock:send(echo.address, "hello")
---print((sock:read()))                --> HELLO
---```
---@async
---@param to string # an address as "host:port", or what came as the sender; may be left out where the socket is connected
---@param data string # may be empty; at most 65507 bytes over IPv4
---@return true? ok
---@return string? message
---@return string? code
function socket:send(to, data) end

---Waits for the next datagram.
---
---For a socket without a handler; with one it raises. Several tasks may wait: each gets one datagram, in the order in which they came. An empty datagram is an empty string.
---
---```lua
---sock = listen "udp://127.0.0.1:0"
---connect(sock.address):send "hello"
---data, from = sock:read { timeout = 5 }
---print(data)                         --> hello
---```
---@async
---@param options? socket_read_options
---@return string? data
---@return string? from
---@return string|integer|nil code
function socket:read(options) end

---Sends one datagram, made of all the strings, to the peer of a connected socket.
---
---```lua
---sock = listen "udp://127.0.0.1:0"
---connect(sock.address):write("answer: ", 42)
---print((sock:read()))                --> answer: 42
---```
---@async
---@param ... string|number
---@return true? ok
---@return string? message
---@return string? code
function socket:write(...) end

---Joins a multicast group: what is sent to it on the socket's port comes in.
---
---Only groups that this socket has joined come in, whatever others on the machine join.
---
---```lua
---sock = listen "udp://0.0.0.0:0"
---assert(sock:join("239.255.7.7", "127.0.0.1"))
---print(sock:leave("239.255.7.7", "127.0.0.1"))   --> true
---```
---@param group string # an address: "239.1.2.3", "ff02::fb"
---@param interface? string # its name, number or one of its addresses; without, the system chooses
---@return true? ok
---@return string? message
---@return string? code
function socket:join(group, interface) end

---Leaves a multicast group.
---
---```lua
---sock = listen "udp://0.0.0.0:0"
---sock:join("239.255.7.7", "127.0.0.1")
---print(sock:leave("239.255.7.7", "127.0.0.1"))   --> true
---```
---@param group string
---@param interface? string # as it was joined
---@return true? ok
---@return string? message
---@return string? code
function socket:leave(group, interface) end

---Changes options.
---
---```lua
---sock = listen "udp://127.0.0.1:0"
---sock:set { broadcast = true, multicast_ttl = 4 }
---print(sock:get "multicast_ttl")     --> 4
---```
---@param options socket_set_options
---@return socket? socket
---@return string? message
---@return string? code
function socket:set(options) end

---Tells the value of an option.
---
---```lua
---sock = listen "udp://127.0.0.1:0"
---print(sock:get "broadcast")         --> false
---```
---@param name string # one that socket:set takes
---@return any value
---@return string? message
---@return string? code
function socket:get(name) end

---Closes the socket; calls of its handler that wait go on.
---
---```lua
---sock = listen "udp://127.0.0.1:0"
---print(sock:close(), sock:close())   --> true    false
---```
---@return boolean closed
function socket:close() end

---What process.spawn returns.
---@class process
---@field id integer # A small number that names it.
---@field pid integer # The system's number of the process.
---@field running boolean # Whether it has not ended.
---@field stdin connection? # Writes to its standard input; finish() or shutdown() ends that.
---@field stdout connection? # Reads what it prints.
---@field stderr connection? # Reads what it prints on standard error.
local process = {}

---Waits for its end; after that it answers at once, whoever asks.
---
---```lua
---local process = require "process"
---print(process.spawn("exit 3"):wait())   --> nil    exit    3
---```
---@async
---@param seconds? number # (seconds, default no limit)
---@return boolean? ok
---@return string how_or_message
---@return integer|string status_or_code
function process:wait(seconds) end

---Tells how it is.
---
---```lua
---local process = require "process"
---p = process.spawn { "cat" }
---print(p:status())                   --> running
---p.stdin:finish()
---p:wait()
---print(p:status())                   --> true    exit    0
---```
---@return string|boolean|nil state
---@return string? how
---@return integer? status
function process:status() end

---Sends it a signal.
---
---Where it has a process group of its own, all of that hears it, as at a terminal: what a shell command started ends as well.
---
---```lua
---local process = require "process"
---p = process.spawn { "sleep", 60 }
---p:kill "KILL"
---print(p:wait())                     --> nil    signal    9
---```
---@param signal? string|integer # a name, with or without SIG, or a number (default TERM)
---@return boolean? sent
---@return string? message
---@return string? code
function process:kill(signal) end

---The poll methods.
reactor = {}

---Opens a listener.
---
---When the handler returns, its connection is finished: what is queued goes out, then it closes;
---unless hooks were set with connection:on, a task of connection:spawn lives, or a task waits on
---it. When the handler fails, a traceback is printed and its connection closed; the server goes on.
---
---With "udp://" the handler is called as handler(sock, data, from) for each datagram, with its whole
---size as a fourth value if it was longer than `read_size` and has been cut. sock:send(from, data)
---answers. A call that waits does not hold up the next; at most `max_tasks` are under way. One that
---fails costs its datagram only. Without a handler socket:read waits.
---
---`proxy_protocol` believes whoever connects: use it where only the proxy can. What is no header
---costs its connection, and is told.
---
---Listening again on an address of our own swaps handler and options; the socket and its clients
---stay (reuseport=true opens one more socket instead).
---
---```lua
---srv = listen(0, function(c) for line in c:lines() do c:write(line:upper(), "\n") end end)
---c = connect(srv.address)
---c:write("hello\n")
---print(c:read "l")                   --> HELLO
---```
---@param address integer|string # where to listen, see Addresses; port 0 takes any that is free
---@param options? listen_options
---@param handler? fun(conn: connection) # runs as a task for each connection; anything with __call will do; without one, listener:accept waits
---@return listener|socket|nil listener
---@return string? message
---@return string? code
function listen(address, options, handler) end

---Connects to an address.
---
---With "udp://" it returns a socket that sends to one peer and hears from nobody else; only a name
---is waited for, since nobody answers a connect, and there is no handler.
---
---What is written before the connection is up is sent once it is. When the handler returns, its
---connection is finished as a listener's is.
---
---With `reconnect` it is the same connection through all losses: its id, options and hooks stay, its
---timers and tasks end, and the handler runs anew each time it is connected. What ends it for good is
---ours: close, finish, a handler that returns before the peer's end. While it waits, reads and writes
---fail as after any loss, and state, attempts and failure tell how it is.
---
---```lua
---srv = listen(0, function(c) c:write("welcome\n") end)
---c = assert(connect(srv.address, { timeout = 5 }))
---print(c:read "l")                   --> welcome
---c = connect(srv.address, { reconnect = { delay = 1, max = 30, factor = 2 } }, function(c)
---  for line in c:lines() do print(line) end
---end)
---```
---@async
---@param address integer|string # where to, see Addresses; a number is a port of this machine
---@param options? connect_options
---@param handler? fun(conn?: connection, message?: string, code?: string) # runs as a task, once: with the connection, or with nil, message, code
---@return connection|socket|nil conn
---@return string? message
---@return string? code
function connect(address, options, handler) end

---Reads from a connection, as connection:read does.
---
---```lua
---srv = listen(0, function(c) c:write("one\ntwo\n") end)
---c = connect(srv.address)
---print(read(c, "l"), read(c, 3))     --> one    two
---```
---@async
---@param conn connection
---@param what? integer|"l"|"L"|"a" # absent = what is there, n = exactly n bytes, "l" = a line without its end, "L" = with it, "a" = all up to the end
---@param options? read_options
---@return string? bytes
---@return string? message
---@return string? code
function read(conn, what, options) end

---Calls a function when something is readable.
---
---A true value from fn keeps the watcher, anything else drops it; an explicit :add or :delete inside fn wins over what it returns. While fn waits, it is not called again. A connection is readable when connection:read would not wait: bytes are buffered, or it has ended or failed. A regular file is always readable.
---
---```lua
---srv = listen(0, function(c) c:write("ping") end)
---c = connect(srv.address)
---read(c, function(prefix) print(prefix, c:take()) end, "got")
---sleep(0.1)                          --> got    ping
---```
---@param x integer|file*|connection|listener|socket # a descriptor's number, a Lua file, a connection, a listener or a socket
---@param fn fun(...): boolean? # called as fn(...), as a task
---@param ... any
---@return watcher? watcher
---@return string? message
---@return string? code
function read(x, fn, ...) end

---Queues strings to be sent, as connection:write does.
---
---```lua
---srv = listen(0, function(c) print(c:read "l") end)
---c = connect(srv.address)
---write(c, "answer: ", 42, "\n")
---sleep(0.1)                          --> answer: 42
---```
---@async
---@param conn connection
---@param ... string|number
---@return true? ok
---@return string? message
---@return string? code
function write(conn, ...) end

---Calls a function when something is writable.
---
---A true value from fn keeps the watcher, anything else drops it; an explicit :add or :delete inside fn wins over what it returns. While fn waits, it is not called again. A connection is writable when connection:write would not wait.
---
---```lua
---srv = listen(0, function(c) sleep(0.1) end)
---c = connect(srv.address)
---write(c, function() print "writable" end)
---sleep(0.1)                          --> writable
---```
---@param x integer|file*|connection|socket # a descriptor's number, a Lua file, a connection or a socket
---@param fn fun(...): boolean? # called as fn(...), as a task
---@param ... any
---@return watcher? watcher
---@return string? message
---@return string? code
function write(x, fn, ...) end

---Calls a function when out-of-band data has come.
---
---A true value from fn keeps the watcher, anything else drops it; an explicit :add or :delete inside fn wins over what it returns. While fn waits, it is not called again.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---c = connect(srv.address)
---w = except(c, function() print "urgent" end)
---print(w:pending())                  --> true
---w:delete()
---```
---@param x integer|file*|connection # a descriptor's number, a Lua file or a connection
---@param fn fun(...): boolean? # called as fn(...), as a task
---@param ... any
---@return watcher? watcher
---@return string? message
---@return string? code
function except(x, fn, ...) end

---Waits until something is readable or writable.
---
---Only the calling task waits. At the end of a stream, or after a failure, it returns at once.
---
---```lua
---srv = listen(0, function(c) sleep(0.05) c:write("x") end)
---c = connect(srv.address)
---print(wait(c, "r", 0.01), wait(c, "r", 1))   --> false    r
---```
---@async
---@param x integer|file*|connection|listener|socket # whatever read(x, fn) takes
---@param what? "r"|"w"|"rw" # (default "r")
---@param seconds? number # (seconds, default no limit)
---@return string|false|nil what
---@return string? message
---@return string? code
function wait(x, what, seconds) end

---Makes a pool of connections to one address.
---
---    pool:get([seconds])   a connection that nobody else has; waits while `max`
---                          are lent, and for it to be opened, at most 60 s:
---                          nil, message, "ETIMEDOUT"
---    pool:put(conn)        gives it back; false if it was not lent
---    pool:close()          closes what is idle; what is lent, when it comes back
---
---`local c <close> = pool:get()` gives it back at the end of the block; if the block ends with an error it
---is closed instead. One that has ended, or has bytes nobody has read, is closed and its place free. Idle
---connections keep no program going.
---
---```lua
---srv = listen(0, function(c) for line in c:lines() do c:write(line:upper(), "\n") end end)
---p = pool(srv.address, { max = 2 })
---for _, word in ipairs { "one", "two" } do
---  local c <close> = p:get(5)
---  c:write(word, "\n")
---  print(c:read "l", srv.accepted)   --> ONE 1
---end                                 --> TWO 1
---p:close()
---```
---@param address string|integer
---@param options? table # max: how many connections there are at most (10); the others are those of connect
---@return table pool
function pool(address, options) end

---Sets a timer.
---
---It fires once, or again after the same time if fn returns a true value: counted from when it was due, missed times skipped. timer:add inside fn sets another delay, and wins. Timers fire in the order they are due, then in the order set; never early.
---
---```lua
---local n = 0
---timeout(0.01, function(word) n = n + 1; print(word, n); return n < 3 end, "tick")
---sleep(0.1)
-----> tick    1
-----> tick    2
-----> tick    3
---```
---@param seconds number|nil # from now; nil leaves it un-armed until timer:add; too large a number never comes (seconds)
---@param fn fun(...): boolean? # called as fn(...), as a task
---@param ... any
---@return timer timer
function timeout(seconds, fn, ...) end

---Calls a function at each delivery of a signal.
---
---It runs in the loop, never inside other code, and stays until deleted, whatever fn returns. With the last watcher of a signal its old handling comes back.
---
---```lua
---s = signal("USR1", print, "caught")
---os.execute("kill -USR1 $PPID")
---sleep(0.1)                          --> caught
---s:delete()
---```
---@param sig string|integer # a name, with or without "SIG", or a number
---@param fn fun(...) # called as fn(...), as a task
---@param ... any
---@return signal? signal
---@return string? message
---@return string? code
function signal(sig, fn, ...) end

---Makes an event, inert until event:add.
---
---An event without EV_PERSIST is over when it has fired once, in whatever way, unless fn returns a true value. What is ready together comes in one call; the time-out of a persistent event starts again at each call.
---
---```lua
---ev = event(function(ev, handle, fired, arg) print(fired == EV_TIMEOUT, arg) end, "late")
---ev:add(0.01)
---sleep(0.1)                          --> true    late
---```
---@param fn fun(ev: event, handle: any, fired: integer, arg: any): boolean? # called as fn(ev, handle, fired, arg), `fired` being the constants of what came
---@param arg any # given to fn as it is
---@param kind? integer|string # constants added up, EV_READ|EV_PERSIST, or words, "read persist" (default 0, a pure timer)
---@param handle any # what is watched: whatever read(x, fn) takes, or a signal's name or number
---@return event event
function event(fn, arg, kind, handle) end

---Its time-out passed.
EV_TIMEOUT = 1

---The handle is readable.
EV_READ = 2

---The handle is writable.
EV_WRITE = 4

---The handle is a signal, and it came.
EV_SIGNAL = 8

---The event stays until it is deleted.
EV_PERSIST = 16

---Writes before reads: what a pass reads is not answered in the same pass.
EV_BARRIER = 256

---@class report_counts
---@field timers integer
---@field signals integer
---@field reads integer
---@field writes integer

---Runs until nothing is left that could still happen.
---
---What could still happen: an armed watcher, timer, signal or event, a listener, a connection with
---a handler, a hook or a waiting task. An error in a callback of a watcher, timer, signal, event or
---sleep hook is raised from here. A script that never calls it is dispatched at its end.
---
---```lua
---timeout(0.01, print, "once")
---print(dispatch())
-----> once
-----> empty
---```
---@async
---@return string? why
---@return string? message
---@return string? code
function dispatch() end

---Runs one pass: what is ready, then what is due.
---
---```lua
---timeout(0, print, "due")
---print(loop())
-----> due
-----> 1
---```
---@async
---@param nonblock? boolean # true does not wait for something to come (default false)
---@return integer? count
function loop(nonblock) end

---Runs one pass of what the options name.
---
---```lua
---timeout(0, print, "due")
---print(loop { io = false })
-----> due
-----> 1
---```
---@async
---@param options loop_options
---@return integer? count
function loop(options) end

---Ends the dispatch that runs; nothing is deleted.
---
---No further callback starts after the running one. What was due and did not get its turn runs in the next dispatch. Waiting to abort keeps nothing alive.
---
---```lua
---t = timeout(60, print, "never")
---abort(0.01)
---print(dispatch(), t:pending())      --> abort    true
---t:delete()
---```
---@param seconds? number # from now: ends the dispatch that runs then (seconds, default 0)
function abort(seconds) end

---Ends the running callback, and only it; never returns.
---
---No pcall swallows it; <close> variables run. What the callback would have returned is not looked at: a timer counts as spent, a watcher stays armed.
---
---```lua
---timeout(0, function() print "before"; abort_branch(); print "never" end)
---sleep(0.05)                         --> before
---```
function abort_branch() end

---Ends the dispatch that runs with "pause"; nothing is deleted.
---
---```lua
---t = timeout(0.01, function() pause() end)
---print(dispatch())                   --> pause
---```
function pause() end

---Goes on after pause: it is dispatch by another name.
---
---```lua
---timeout(0.01, pause)
---timeout(0.02, print, "later")
---print(dispatch(), resume())
-----> later
-----> pause    empty
---```
---@async
---@return string? why
---@return string? message
---@return string? code
function resume() end

---Deletes every watcher, timer, signal and event.
---
---Signals get their old handling back; each timer:on_free function runs once.
---
---```lua
---timeout(60, print, "never")
---init()
---print(dispatch())                   --> empty
---```
function init() end

---Chooses the poll method.
---
---What is registered already moves to the new method. Without `strict` the methods not named follow in their usual order.
---
---```lua
---print(initialize { methods = { "poll", "select" } })   --> poll
---```
---@param options? initialize_options
---@return string? method
---@return string? message
---@return string? code
function initialize(options) end

---Sets a pause before every poll: fewer wake-ups, more latency.
---
---Every callback may be so much later, and no more.
---
---```lua
---set_sleep(0.03)
---set_sleep(0)
---```
---@param seconds number # 0, as at the start, is none (seconds)
function set_sleep(seconds) end

---Sets the pause that replaces the one of set_sleep while a read or write watcher is armed.
---
---```lua
---set_sleep(0.03)
---set_turbo(0.0006)
---set_sleep(0)
---set_turbo(0)
---```
---@param seconds number # 0, as at the start, turns it off (seconds)
function set_turbo(seconds) end

---Counts what is registered.
---
---```lua
---t = timeout(60, print)
---print(report().timers)              --> 1
---t:delete()
---```
---@return report_counts counts
function report() end

---Tells how long it is to the nearest timer.
---
---```lua
---t = timeout(60, print)
---print(next_due() > 59)              --> true
---t:delete()
---```
---@return number? seconds
function next_due() end

---Calls a function in every pass, just before the poll.
---
---Hooks run in the order added. What one makes ready is seen by the same pass.
---
---```lua
---h = before_sleep(function(seconds) print "about to sleep"; h:delete() end)
---sleep(0.01)                         --> about to sleep
---```
---@param fn fun(seconds?: number) # called as fn(seconds), the time to the nearest timer, nil if there is none; returning false asks not to wait
---@return hook hook
function before_sleep(fn) end

---Calls a function in every pass, just after the poll.
---
---Hooks run in the order added.
---
---```lua
---h = after_sleep(function() print "awake"; h:delete() end)
---sleep(0.01)                         --> awake
---```
---@param fn fun()
---@return hook hook
function after_sleep(fn) end

---Names the poll method in use.
---
---```lua
---initialize { methods = { "poll" } }
---print(reactor.method)               --> poll
---```
---@type string
reactor.method = nil

---Lists the poll methods of this build, the fastest first.
---
---```lua
---print(#reactor.methods() > 0)       --> true
---```
---@return string[] names
function reactor.methods() end

---Waits; everything else goes on.
---
---```lua
---local before = now()
---sleep(0.05)
---print(now() - before >= 0.05)       --> true
---```
---@async
---@param seconds number # may be a fraction; 0 lets others run (seconds)
function sleep(seconds) end

---Starts a task.
---
---An error in it goes to task:join, or is printed if nobody joins.
---
---```lua
---t = spawn(function(a, b) sleep(0.01); return a + b end, 40, 2)
---print(t:join())                     --> 42
---```
---@param fn function # called as fn(...); it begins when the caller waits or ends
---@param ... any
---@return task task
function spawn(fn, ...) end

---Runs a function on an OS thread, with a Lua state and a loop of its own.
---
---Both run at the same time, and share nothing. The function, its upvalues, its arguments and its
---results are copied: tables with all that is in them and their metatables, also shared and cyclic
---ones, and functions. Modules, and functions of modules, are not copied but required anew. What
---belongs to a loop, such as a connection or a timer, cannot be copied, nor can files and coroutines:
---the call then raises, and names it. Globals are those that every program has at its start, so what
---fn calls must be local, or an argument.
---
---Like a script, it goes on while something is left that its loop waits for. As long as it runs it
---keeps dispatch() going. Its prints come out by way of the first thread, its standard input is at
---its end, and os.exit in it ends the program. The end of the program cancels it.
---
---```lua
---local words = { "wire", "moon" }
---t = thread(function(n)
---  table.sort(words)
---  return n + 1, words
---end, 41)
---n, sorted = t:join()
---print(n, sorted[1], words[1])       --> 42    moon    wire
---```
---@param fn function # called there as fn(...)
---@param ... any
---@return thread? thread
---@return string? message
---@return string? code
function thread(fn, ...) end

---Tells the time on a clock that only goes forward.
---
---```lua
---local before = now()
---sleep(0.01)
---print(now() > before)               --> true
---```
---@return number seconds
function now() end

---Prints what the manual says of something.
---
---```lua
---help "connect"
---help(listen)
---help "conn:read"
---```
---@param x any # a function; an object; or a name: "connect", "connection.read", "nodelay"; nothing: a tour of one screen
function help(x) end

---Writes any value as Lua would read it.
---
---Tables are read raw: no metamethod but __inspect and __tostring of objects runs. It never raises.
---
---```lua
---print(inspect { 1, 2.5, "three\n", key = { true } })   --> { 1, 2.5, "three\n", key = { true } }
---```
---@param x any
---@param options? inspect_options
---@return string text
function inspect(x, options) end

---Writes bytes in hexadecimal and as text, 16 to a line.
---
---```lua
---print(hexdump "GET /\r\n")
-----> 00000000  47 45 54 20 2f 0d 0a                              |GET /..|
---```
---@param s string
---@return string text
function hexdump(s) end

---Cuts a string to a width, telling how many characters were cut.
---
---```lua
---print(shorten(("x"):rep(200), 32))  --> xxxxxxxxxxxxxxxxxxxxxxx..(177)..
---```
---@param s string
---@param width? integer # (characters, default 80)
---@return string text
function shorten(s, width) end

---Lists the connections; conns[7] is the one with id 7.
---
---A row has id, state, peer, sock, bytes_in, bytes_out, queued, age and object.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---c = connect(srv.address)
---print(conns())
---print(conns[c.id] == c)
---```
---@class conns_list
---@field [integer] connection
---@overload fun(): table[]
conns = {}

---Lists the armed timers; timers[3] is the one with id 3.
---
---A row has id, remaining, interval, where, label and object.
---
---```lua
---t = timeout(60, print, "late")
---print(timers())
---t:delete()
---```
---@class timers_list
---@field [integer] timer
---@overload fun(): table[]
timers = {}

---Lists the tasks and what each waits for; tasks[5] is the one with id 5.
---
---A row has id, state, waits_for, age, where and object.
---
---```lua
---t = spawn(sleep, 60)
---sleep(0)
---print(tasks())
---t:cancel()
---```
---@class tasks_list
---@field [integer] task
---@overload fun(): table[]
tasks = {}

---Tells what keeps the program alive.
---
---A row has kind, id, what and object. When the list is empty, dispatch returns.
---
---```lua
---srv = listen(0, function(c) c:read() end)
---print(why())
---srv:close()
---```
---@return table[] rows
function why() end

---What require "process" returns.
---@class process_module
local process_module = {}

---Starts a program, whose standard streams are connections.
---
---The program gets its three streams and no other descriptor of ours, no signal that we ignore or
---catch, and a process group of its own, unless it shares our terminal. It is looked for in its PATH.
---
---A connection that is given to a program is the program's, and closed here. So the stdout of one
---process can be the stdin of another, and a client both streams of the program that serves it:
---`listen(8000, function(c) process.spawn { "cat", stdin = c, stdout = c } end)`.
---
---The program goes on without the object, and when we end; it is always reaped. It keeps us going only
---while a task waits for it. Its connections are closed by the collector once no variable holds them,
---or the process.
---
---```lua
---local process = require "process"
---local p = assert(process.spawn { "tr", "a-z", "A-Z" })
---p.stdin:write "hello\n"
---p.stdin:finish()
---print(p.stdout:read "l")            --> HELLO
---print(p:wait())                     --> true    exit    0
---```
---@param command string|spawn_options # {"program", "argument", ..., with options}; a string is run by /bin/sh -c
---@return process? process
---@return string? message
---@return string? code
function process_module.spawn(command) end

---Runs a program to its end and collects what it prints.
---
---It ends with the task: a cancelled one kills it.
---
---```lua
---local process = require "process"
---print(process.run { "sh", "-c", "cat; exit 3", input = "abc" })   --> abc        3
---```
---@async
---@param command string|run_options # as for process.spawn
---@return string? stdout
---@return string stderr_or_message
---@return integer|string status_or_code
function process_module.run(command) end

---Turns our own standard input into a connection, once, in a script.
---
---From then on io.read is not to be used: both would take from the same input.
---
---```lua
---local process = require "process"
---local input = process.stdin()
---if input then input:close() end
---```
---@return connection? stdin
---@return string? message
---@return string? code
function process_module.stdin() end

---Tells the number of our own process.
---
---```lua
---local process = require "process"
---print(process.pid() > 1)            --> true
---```
---@return integer pid
function process_module.pid() end

---Goes on in the background, as a service does.
---
---The process that called it ends with status 0. The new one has no terminal and a session of its own, "/" as its directory, no umask, and /dev/null as its standard streams; all else it has as before: listeners, connections, timers, files. So a script opens what may fail first, while its messages can be seen. The log goes on in its file (log.file).
---
---```lua
---local process = require "process"
---p = process.spawn { "sleep", 60 }
---print(select(3, process.daemonize()))   --> EBUSY
---p:kill()
---```
---@return true? ok
---@return string? message
---@return string? code
function process_module.daemonize() end

---Becomes another user, for good.
---
---The groups are those that the user has. Who is that user already need not be root. Call it when everything is open that only root may open.
---
---```lua
---local process = require "process"
---print(select(3, process.become "nobody-of-that-name"))   --> ENOENT
---```
---@param user string # a name or a number
---@param group? string # a name or a number (default the user's)
---@return true? ok
---@return string? message
---@return string? code
function process_module.become(user, group) end

---@overload fun(name: "process"): process_module
function require(name) end

---@class dns_mx
---@field preference integer
---@field host string

---@class dns_srv
---@field priority integer
---@field weight integer
---@field port integer
---@field target string

---@class dns_soa
---@field mname string
---@field rname string
---@field serial integer
---@field refresh integer
---@field retry integer
---@field expire integer
---@field minimum integer

---What require "dns" returns.
---@class dns_module
local dns_module = {}

---Asks for the records of a name.
---
---A record is a string, but for three types:
---
---    MX   { preference =, host = }, the least preference first
---    SRV  { priority =, weight =, port =, target = }, the least priority first
---    SOA  { mname =, rname =, serial =, refresh =, retry =, expire =, minimum = }
---
---The pieces of a TXT record are joined. Names come without a dot at the end. Addresses of numbers, of
---"localhost" and of what the hosts file has need no server, nor do the names that it has for an address
---(PTR); nothing is cached. Names are ASCII: write the "xn--" form of one with other letters, which is
---refused as it is.
---
---```lua
---local dns = require "dns"
---for _, address in ipairs(assert(dns.resolve "localhost")) do print(address) end
-----> ::1
-----> 127.0.0.1
---```
---@async
---@param name string # the name; or, for PTR, an address
---@param type? string # "A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV" or "TXT"; nothing: both kinds of addresses, IPv6 first
---@param options? resolve_options
---@param fn? fun(records: table?, message: string?, code: string?) # called with the results in a task of its own; nothing is returned then
---@return (string|dns_mx|dns_srv|dns_soa)[]? records
---@return string? message
---@return string? code
function dns_module.resolve(name, type, options, fn) end

---Asks for the names of an IP address.
---
---The hosts file comes first, then the name servers.
---
---```lua
---local dns = require "dns"
---print(dns.reverse("127.0.0.1")[1])  --> localhost
---```
---@async
---@param address string
---@param options? resolve_options
---@param fn? fun(names: string[]?, message: string?, code: string?) # as for dns.resolve
---@return string[]? names
---@return string? message
---@return string? code
function dns_module.reverse(address, options, fn) end

---Names the server to ask, or a list of them; nil: the system's.
---
---Each is an address with or without a port: "127.0.0.1:5353", "::1", "[::1]:5353". Assigning holds for
---everything that this Lua state asks from then on, connect included; a malformed address raises.
---
---```lua
---local dns = require "dns"
---dns.server = "127.0.0.1:5353"
---print(dns.server)                   --> 127.0.0.1:5353
---dns.server = nil
---print(dns.server)                   --> nil
---```
---@type string|string[]|nil
dns_module.server = nil

---@overload fun(name: "dns"): dns_module
function require(name) end

---What require "fs" returns.
---@class fs_module
local fs_module = {}

---Calls a function after each change of a file.
---
---A change is that it is written, made, removed, replaced by rename, or has its attributes changed. It is
---told 0.05 to 0.25 seconds later, once for changes that come together. Watched is the name: a file that
---is replaced or made anew is watched on. Of a symbolic link both it and what it leads to are watched, as
---are links among the directories of the path.
---
---If fn fails that is reported, and the watch stays. It keeps the program going until it is deleted.
---
---```lua
---local fs = require "fs"
---local path = os.tmpname()
---local watch = fs.watch(path, function() print "changed" end)
---local file <close> = io.open(path, "w")
---file:write "new"
---file:flush()
---sleep(0.4)
---watch:delete()
---os.remove(path)                     --> changed
---```
---@param path string # a file, which need not be there yet, in a directory that is; or a directory, for all that is in it, but not below
---@param fn fun(path: string) # called as fn(path), as a task
---@return table? watch
---@return string? message
---@return string? code
function fs_module.watch(path, fn) end

---@overload fun(name: "fs"): fs_module
function require(name) end

---What require "json" returns.
---@class json_module
local json_module = {}

---Makes a Lua value of a JSON text.
---
---What is read is RFC 8259 and nothing beside: no comments, no NaN, no comma before a bracket, UTF-8
---without errors. Integers of 64 bits stay integers, others become floats; 1.0, 1e3 and -0 are floats. null is
---json.null. Of members with the same name the last one counts.
---
---Arrays have a mark by which json.encode knows them, empty or not; objects are plain tables.
---
---```lua
---local json = require "json"
---local order = json.decode '{"id": 9007199254740993, "items": ["tea", "milk"], "note": null}'
---print(order.id, #order.items, order.note)     --> 9007199254740993    2    null
---print(json.decode "[1,\n2")
-----> nil    json.decode: line 2, column 2: expected ',' or ']' after the value, got the end    EPROTO
---```
---@param text string # one value; only blanks may be around it
---@param options? decode_options
---@return any value
---@return string? message
---@return string? code
function json_module.decode(text, options) end

---Makes a JSON text of a Lua value.
---
---A table is an array if json.array has marked it or if it has the keys 1 to n and no other; it is an object
---if json.object has marked it or if all its keys are strings; the empty table without a mark is an
---object. Tables are read raw; their other metatables are not asked. Floats are as short as they
---can be without being another number, and keep their point: 1.0 is no integer. "/" is not escaped.
---
---What has no JSON form raises, and the message has the path to it: functions and other objects, NaN and infinity,
---strings that are not UTF-8, a table that holds itself, an array with holes, a table with numbers beside
---strings as keys (json.object has it written with all its keys as strings).
---
---```lua
---local json = require "json"
---print(json.encode { 1, 2.0, "three", json.null, {}, json.array {} })
-----> [1,2.0,"three",null,{},[]]
---print(json.encode({ name = "x", at = { 1, 2 } }, { sort = true }))
-----> {"at":[1,2],"name":"x"}
---print(select(2, pcall(json.encode, { a = { 1, 2, { f = print } } })))
-----> json.encode: value at .a[3].f: a function cannot be put into JSON
---```
---@param value any # nil, a boolean, number, string, json.null, or a table of these
---@param options? encode_options
---@return string text
function json_module.encode(value, options) end

---Marks a table, or a new one, as an array.
---
---The mark is a metatable; a table that has another one is refused. setmetatable(t, nil) takes it away.
---
---```lua
---local json = require "json"
---print(json.encode { list = json.array() })    --> {"list":[]}
---```
---@param table? table # (default a new one)
---@return table array
function json_module.array(table) end

---Marks a table, or a new one, as an object.
---
---Integers among its keys are written as strings. For the rest as json.array.
---
---```lua
---local json = require "json"
---print(json.encode(json.object { "a", "b" }))  --> {"1":"a","2":"b"}
---```
---@param table? table # (default a new one)
---@return table object
function json_module.object(table) end

---Stands for null, which a Lua table cannot hold.
---
---There is one; it is equal to nothing else, and true where a condition is asked for. The null of
---lua-cjson is encoded as null as well.
---
---```lua
---local json = require "json"
---print(json.encode { gone = json.null })       --> {"gone":null}
---print(json.decode "[null]"[1] == json.null)   --> true
---```
---@type userdata
json_module.null = nil

---@overload fun(name: "json"): json_module
function require(name) end

---@class http_url
---@field url string
---@field scheme string
---@field user string?
---@field password string?
---@field host string
---@field port integer?
---@field authority string
---@field origin string
---@field path string
---@field query string?
---@field fragment string?
---@field target string

---@class http_headers
---@field [string] string
---@field all fun(self: http_headers, name: string): string[]

---@class http_response
---@field status integer
---@field reason string
---@field version string
---@field headers http_headers
---@field url string
---@field body string|fun(self: http_response): fun(): string?
---@field failure {message: string, code: string}?
---@field connection connection?
---@field json fun(self: http_response): any, string?, string?
---@field read fun(self: http_response): string?, string?, string?
---@field close fun(self: http_response)

---@class http_jar
---@field header fun(self: http_jar, url: string): string?
---@field keep fun(self: http_jar, url: string, values: string|string[])
---@field list fun(self: http_jar): table[]
---@field clear fun(self: http_jar)

---What require "http" returns.
---@class http_module
local http_module = {}

---Makes a handler for HTTP that has routes.
---
---See HTTP apps for its methods. It is called as any handler is, so one app can be a route of another.
---
---```lua
---local http = require "http"
---local app = http.app()
---app:get("/hello/:name", function(req) return "hello " .. req.params.name end)
---srv = listen("http://127.0.0.1:0", app)
---c = connect((srv.address:gsub("^http://", "")))
---c:write("GET /hello/you HTTP/1.0\r\n\r\n")
---print(c:read("a"):match "[^\n]*$")    --> hello you
---```
---@return table app
function http_module.app() end

---Passes requests on to the servers of their host.
---
---A server that cannot be reached is passed over; 502 if none can. A host that is not in the table is
---answered with 421. Requests and answers go on as they come, Host included, with X-Forwarded-For, -Host and
----Proto; so do WebSockets.
---
---```lua
---local http = require "http"
---one = listen("http://127.0.0.1:0", function(req) return "one has " .. req.path end)
---srv = http.reverse_proxy("127.0.0.1:0", { ["a.org"] = { one.address } })
---print(http.get(srv.address .. "/page", { headers = { host = "a.org" } }).body)   --> one has /page
---```
---@param address string|integer # where to listen: "http://" is put in front of one without a scheme
---@param hosts table<string, string|string[]> # for each host its server, "host:port" or a URL, or a list of several, which take turns; "*" stands for all other hosts
---@param options? listen_options # those of listen
---@return listener? listener
---@return string? message
---@return string? code
function http_module.reverse_proxy(address, hosts, options) end

---Sends a GET request and reads the answer.
---
---The response has
---
---    status   200; its reason "OK", its version "1.1" or "1.0"
---    headers  headers["content-type"], in letters of either size; several of a
---             name are joined with ", ", and headers:all(name) is a list of
---             them; pairs(headers) gives all in their order
---    body     the body, decoded
---    url      where it came from, after redirections
---    connection   after the option `upgrade` and a status of 101
---    json()   its value, or nil, message, "EPROTO": see json.decode
---
---With `stream` the body is read later: `for piece in response:body() do ... end`, after which
---response.failure tells what went wrong, if something did; or response:read(), which returns a
---piece, nil at the end, or nil, message, code. response:close() ends it before.
---
---Connections are kept for a minute and used again; one that its server had closed meanwhile is
---replaced, where sending the request twice cannot do harm. Redirections change POST to GET as
---browsers do, and lose credentials when they leave the origin. https is verified, see TLS; the
---option `tls` is that of connect. Proxies are found in the environment: http_proxy (in small letters
---only), https_proxy, all_proxy; no_proxy is a list of hosts, which stand for the domains below as
---well, of addresses and networks ("10.0.0.0/8", "fe80::/10"), each with a port or without, or "*".
---Names are looked up by SOCKS proxies.
---
---```lua
---local http = require "http"
---srv = listen(0, function(c)
---  c:read_until "\r\n\r\n"
---  c:finish("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello")
---end)
---local response = http.get("http://" .. srv.address)
---print(response.status, response.headers["content-type"], response.body)
-----> 200    text/plain    hello
---```
---@async
---@param url string # `http://` or `https://`; a user in it is authenticated
---@param options? request_options # those of http.request
---@return http_response? response
---@return string? message
---@return string? code
function http_module.get(url, options) end

---Sends a HEAD request and reads the answer.
---
---```lua
---local http = require "http"
---srv = listen(0, function(c)
---  c:read_until "\r\n\r\n"
---  c:finish("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
---end)
---print(http.head("http://" .. srv.address).headers["content-length"])   --> 1000
---```
---@async
---@param url string # `http://` or `https://`; a user in it is authenticated
---@param options? request_options # those of http.request
---@return http_response? response
---@return string? message
---@return string? code
function http_module.head(url, options) end

---Sends a DELETE request and reads the answer.
---
---```lua
---local http = require "http"
---srv = listen(0, function(c)
---  print(c:read "l")
---  c:read_until "\r\n\r\n"
---  c:finish("HTTP/1.1 204 Gone\r\n\r\n")
---end)
---print(http.delete("http://" .. srv.address .. "/old").status)
-----> DELETE /old HTTP/1.1
-----> 204
---```
---@async
---@param url string # `http://` or `https://`; a user in it is authenticated
---@param options? request_options # those of http.request
---@return http_response? response
---@return string? message
---@return string? code
function http_module.delete(url, options) end

---Sends a POST request and reads the answer.
---
---A table as a body is what the options `json` and `form` are for.
---
---```lua
---local http = require "http"
---srv = listen(0, function(c)
---  local head = c:read_until "\r\n\r\n"
---  local body = c:read(tonumber(head:match "Content%-Length: (%d+)"))
---  c:finish("HTTP/1.1 200 OK\r\n\r\n" .. body:upper())
---end)
---print(http.post("http://" .. srv.address, "quiet").body)              --> QUIET
---print(http.post("http://" .. srv.address, nil, { json = { a = 1 } }).body)  --> {"A":1}
---```
---@async
---@param url string # `http://` or `https://`; a user in it is authenticated
---@param body string|function|nil # as the option
---@param options? request_options # those of http.request
---@return http_response? response
---@return string? message
---@return string? code
function http_module.post(url, body, options) end

---Sends a PUT request and reads the answer.
---
---```lua
---local http = require "http"
---srv = listen(0, function(c)
---  c:read_until "\r\n\r\n"
---  c:finish("HTTP/1.1 201 Created\r\n\r\n")
---end)
---print(http.put("http://" .. srv.address .. "/new", "text").reason)    --> Created
---```
---@async
---@param url string # `http://` or `https://`; a user in it is authenticated
---@param body string|function|nil # as the option
---@param options? request_options # those of http.request
---@return http_response? response
---@return string? message
---@return string? code
function http_module.put(url, body, options) end

---Sends a PATCH request and reads the answer.
---
---```lua
---local http = require "http"
---srv = listen(0, function(c)
---  c:read_until "\r\n\r\n"
---  c:finish("HTTP/1.1 200 OK\r\n\r\n")
---end)
---print(http.patch("http://" .. srv.address, "change").status)          --> 200
---```
---@async
---@param url string # `http://` or `https://`; a user in it is authenticated
---@param body string|function|nil # as the option
---@param options? request_options # those of http.request
---@return http_response? response
---@return string? message
---@return string? code
function http_module.patch(url, body, options) end

---Sends a request and reads the answer.
---
---The response is that of http.get.
---
---```lua
---local http = require "http"
---srv = listen(0, function(c)
---  print(c:read "l")
---  c:read_until "\r\n\r\n"
---  c:finish("HTTP/1.1 200 OK\r\n\r\npiece by piece")
---end)
---local response = http.request { url = "http://" .. srv.address, query = { q = "a b" }, stream = true }
---for piece in response:body() do print(piece) end
-----> GET /?q=a%20b HTTP/1.1
-----> piece by piece
---```
---@async
---@param options request_options
---@return http_response? response
---@return string? message
---@return string? code
function http_module.request(options) end

---Closes the connections that are kept for later requests.
---
---```lua
---local http = require "http"
---srv = listen(0, function(c)
---  c:read_until "\r\n\r\n"
---  c:write("HTTP/1.1 204 No Content\r\n\r\n")
---  c:read()
---end)
---http.get("http://" .. srv.address)
---print(http.close_idle())            --> 1
---```
---@return integer count
function http_module.close_idle() end

---Makes a jar for cookies, for the option `cookies`.
---
---Its rules are those of RFC 6265: domains, paths, expiry, secure ones for https only. A server of
---a.co.uk sets none for all of co.uk: libpsl knows what is everybody's, as it does for curl. Without that
---library only names without a dot are refused so.
---
---    jar:header(url)        the value of Cookie for a request there, nil for none
---    jar:keep(url, values)  takes in what Set-Cookie said there: one, or a list
---    jar:list()             all: tables with name, value, domain, host_only,
---                           path, secure, http_only, expires (since 1970)
---    jar:clear()            drops all
---
---```lua
---local http = require "http"
---local jar = http.jar()
---jar:keep("http://a.example/docs/x", "id=7; Domain=example")
---jar:keep("http://a.example/docs/x", { "id=8", "lang=en; Path=/" })
---print(jar:header "http://a.example/docs/y")   --> id=8; lang=en
---print(jar:header "http://a.example/")         --> lang=en
---```
---@param cookies? table[] # what another jar's list() has given
---@return http_jar jar
function http_module.jar(cookies) end

---Takes a URL apart.
---
---It is RFC 3986, strictly. What can be mended without a doubt is: letters that are not ASCII are encoded. user and password are decoded, everything else stays as it was written; url is the canonical form, target what a server is asked for.
---
---```lua
---local http = require "http"
---local parts = http.url "HTTP://Example.org:80/a/../b?c#d"
---print(parts.url, parts.port, parts.target)    --> http://example.org/b?c#d    80    /b?c
---print(http.url("../x", "http://h/a/b/c").url) --> http://h/a/x
---print(http.url "http://h/a b")
-----> nil    url "http://h/a b": a blank in it; write %20    EINVAL
---```
---@param text string # a URL with a host; with `base` a reference too
---@param base? string # where the reference stands
---@return http_url? parts
---@return string? message
---@return string? code
function http_module.url(text, base) end

---Writes all but letters, digits and "-._~" as %XX, so that it is one part of a URL.
---
---```lua
---local http = require "http"
---print(http.escape "a/b & c")        --> a%2Fb%20%26%20c
---```
---@param text string
---@return string text
function http_module.escape(text) end

---Undoes http.escape.
---
---```lua
---local http = require "http"
---print(http.unescape "a%2Fb%20c")    --> a/b c
---```
---@param text string
---@return string? text
---@return string? message
---@return string? code
function http_module.unescape(text) end

---Writes a table as a query or form, or reads one.
---
---What is read has all fields in their order by number too, as {name, value}; pairs sees the names. Of one that comes several times the last value counts, and a wrong %XX stays as it is.
---
---```lua
---local http = require "http"
---print(http.query { q = "a b", n = { 1, 2 } })           --> n=1&n=2&q=a%20b
---print(http.query("n=1&q=a+b").q)                        --> a b
---```
---@param fields table|string # {name = value}, a list for several values of a name; or {{name, value}, ...}, in this order
---@return string|table query
function http_module.query(fields) end

---@overload fun(name: "http"): http_module
function require(name) end

---What require "ws" returns.
---@class ws_module
local ws_module = {}

---Makes a WebSocket of a request of HTTP.
---
---For handlers of "http://" and "https://"; routes of an app have app:ws(path [, options], fn).
---
---```lua
---local ws = require "ws"
---srv = listen("http://:0", function(req, res)
---  ws.accept(req, res, function(c) c:write("you asked for " .. req.path) end)
---end)
---print(connect((srv.address:gsub("^http", "ws")) .. "/chat"):read())
-----> you asked for /chat    text
---```
---@async
---@param req table # what a handler of http is given
---@param res table
---@param options? ws_accept_options
---@param fn fun(ws: connection, req: table) # called with the WebSocket, which is closed when it returns
---@return any result
function ws_module.accept(req, res, options, fn) end

---Connects as connect does, through a proxy if one is named.
---
---Without `proxy` the environment is asked as by http.get, ws:// as http and wss:// as https. There is no `reconnect` through a proxy.
---
---```lua
---local ws = require "ws"
---srv = listen("ws://:0", function(c) c:write "hello" end)
---print(ws.connect(srv.address, { proxy = false }):read())    --> hello    text
---```
---@async
---@param url string # `ws://` or `wss://`
---@param options? table # those of connect, and `proxy`: "http://[user:password@]host:port" or "socks5://...", false for none
---@return connection? ws
---@return string? message
---@return string? code
function ws_module.connect(url, options) end

---Makes a group of WebSockets that get the same messages.
---
---    group:add(ws), group:remove(ws)   its members; #group is how many
---    group:send(message [, kind [, except]])   returns how many get it
---    group.dropped                     messages that somebody was too slow for
---
---A member that has more than `limit` bytes (1 MiB) to take yet is dealt with by
---`policy`: "wait" has send wait for it; "drop" keeps as many bytes more for it
---and drops the oldest of these; "disconnect" closes it with status 1008. Who has closed is a member until the
---next send. Connections that are no WebSockets can be members as well.
---
---```lua
---local group = require("ws").group { policy = "drop" }
---srv = listen("ws://:0", function(ws)
---  group:add(ws)
---  for message in ws:messages() do group:send(message) end
---  group:remove(ws)
---end)
---one, two = connect(srv.address), connect(srv.address)
---sleep(0.1)
---one:write "hello"
---print((one:read()), (two:read()), group.dropped)    --> hello    hello    0
---```
---@param options? {policy: string?, limit: integer?}
---@return table group
function ws_module.group(options) end

---Serves WebSockets with a server that speaks plain TCP, as websockify does.
---
---Messages of either kind go out as the bytes they are. Either end closing closes the other; a server that cannot be reached is told on standard error, and to the client by status 1013. Any web page may connect, unless the option `origins` says which.
---
---```lua
---local ws = require "ws"
---plain = listen(0, function(c) for line in c:lines "L" do c:write(line:upper()) end end)
---srv = ws.proxy("127.0.0.1:0", plain.address, { kind = "text" })
---c = connect(srv.address)
---c:write "hello\n"
---print((c:read()):sub(1, -2))        --> HELLO
---```
---@param address string|integer # where to listen: "ws://" is put in front of one without a scheme
---@param target string|integer # whom to connect to, once for each WebSocket
---@param options? table # kind: what is sent to browsers, "binary" (default) or "text"; the others are those of listen
---@return listener? listener
---@return string? message
---@return string? code
function ws_module.proxy(address, target, options) end

---@overload fun(name: "ws"): ws_module
function require(name) end

---What require "rel" returns.
---@class rel_module
local rel_module = {}

---Makes require "event" give this module, for what was written for pyevent.
---
---The module has the whole vocabulary of rel and pyevent. What has no entry of its own here is the
---global of that name:
---
---    read write timeout signal event dispatch loop abort_branch pause resume
---    thread init report set_sleep set_turbo
---    EV_TIMEOUT EV_READ EV_WRITE EV_SIGNAL EV_PERSIST
---
---
---```lua
---require("rel").override()
---local event = require "event"
---event.timeout(0.01, print, "as ever")
---event.dispatch()                    --> as ever
---```
function rel_module.override() end

---Chooses the poll method, as the global initialize does.
---
---```lua
---local rel = require "rel"
---print(rel.initialize { methods = { "poll" }, options = { "strict", "threaded" } })   --> poll
---```
---@param options? {methods: string[]?, options: string[]?} # options may name "threaded" as well, which changes nothing: threads need no help
---@return string? method
---@return string? message
---@return string? code
function rel_module.initialize(options) end

---Lists the methods in the order in which rel tries them.
---
---```lua
---print(require("rel").supported_methods[1])          --> epoll
---```
---@type string[]
rel_module.supported_methods = nil

---Ends the dispatch that runs, and deletes all watchers of descriptors.
---
---Timers and signals stay armed. The global abort deletes nothing, as pyevent's.
---
---```lua
---local rel = require "rel"
---t = rel.timeout(60, print)
---rel.timeout(0.01, rel.abort)
---print(rel.dispatch(), t:pending())                  --> abort    true
---t:delete()
---```
function rel_module.abort() end

---Calls a function when out-of-band data has come.
---
---Unlike the global except it does not keep dispatch going.
---
---```lua
---local rel = require "rel"
---srv = listen(0, function(c) c:read() end)
---c = connect(srv.address)
---w = rel.error_watch(c, print, "urgent")
---print(w:pending())                                  --> true
---w:delete()
---```
---@param x connection|integer|file*
---@param fn fun(...: any): any # called as fn(...)
---@param ... any
---@return watcher? watcher
---@return string? message
---@return string? code
function rel_module.error_watch(x, fn, ...) end

---Calls a function when out-of-band data has come; the old name of rel.error_watch.
---
---```lua
---local rel = require "rel"
---srv = listen(0, function(c) c:read() end)
---w = rel.error(connect(srv.address), print, "urgent")
---print(w:delete())                                   --> true
---```
---@param x connection|integer|file*
---@param fn fun(...: any): any # called as fn(...)
---@param ... any
---@return watcher? watcher
---@return string? message
---@return string? code
function rel_module.error(x, fn, ...) end

---Runs dispatch, which SIGINT or abort end.
---
---```lua
---local rel = require "rel"
---rel.timeout(0.01, rel.stop)
---print(rel.start())                                  --> abort
---```
---@async
---@return string? why
---@return string? message
---@return string? code
function rel_module.start() end

---Is rel.abort by another name.
---
---```lua
---require("rel").stop()
---```
function rel_module.stop() end

---Runs one pass that does not wait: loop(true).
---
---```lua
---local rel = require "rel"
---rel.timeout(0, print, "due")
---print(rel.tick())
-----> due
-----> 1
---```
---@return integer? count
function rel_module.tick() end

---Tells whether a dispatch runs.
---
---```lua
---local rel = require "rel"
---rel.timeout(0, function() print(rel.is_running()) end)
---rel.dispatch()
---print(rel.is_running())
-----> true
-----> false
---```
---@return boolean running
function rel_module.is_running() end

---Sends data whenever something is writable, 4096 bytes at a time.
---
---```lua
---local rel = require "rel"
---srv = listen(0, function(c) print(#c:read "a") end)
---c = connect(srv.address)
---rel.buffwrite(c, ("x"):rep(10000), function(sock, chunk) return sock:write(chunk) end, print)
---sleep(0.1)
---c:close()                                           --> 10000
---```
---@param sock connection|integer|file* # whatever write(x, fn) takes
---@param data string # goes behind what it was given before
---@param sender fun(sock: any, chunk: string): any # called as sender(sock, chunk); may return how many bytes it has sent (default sock:write)
---@param onerror fun(message: string) # called when the sender raises, or returns nil and a message; the rest of the data is dropped (default prints it)
---@return boolean? well
---@return string? message
---@return string? code
function rel_module.buffwrite(sock, data, sender, onerror) end

---Drops what buffwrite has not sent yet.
---
---```lua
---local rel = require "rel"
---srv = listen(0, function(c) c:read() end)
---c = connect(srv.address)
---rel.buffwrite(c, "never sent")
---print(rel.release_buff(c))                          --> 10
---```
---@param sock connection|integer|file*
---@return integer bytes
function rel_module.release_buff(sock) end

---@overload fun(name: "rel"): rel_module
function require(name) end

---What require "bus" returns.
---@class bus_module
local bus_module = {}

---Calls a function for each message of a name, from whatever thread.
---
---Messages of one thread come in the order it pushed them, one call at a time: those that come while fn waits come after it. Like a watcher it keeps dispatch() going, until it is deleted, or fn fails.
---
---```lua
---local bus = require "bus"
---local l = bus.on("found", function(n, t) print(n, t[1]) end)
---thread(function()
---  local bus = require "bus"
---  bus.push("found", 6 * 7, { "copied" })
---end):join()
---sleep(0.01)                         --> 42    copied
---l:delete()
---```
---@param name string # "*" for all of them: fn(name, ...)
---@param fn fun(...: any) # called with what was pushed, on the loop of whoever listens
---@return bus_listener listener
function bus_module.on(name, fn) end

---Calls a function for the next message of a name.
---
---```lua
---local bus = require "bus"
---bus.once("ready", print)
---bus.push("ready", 1)
---bus.push("ready", 2)
---sleep(0.01)                         --> 1
---```
---@param name string
---@param fn fun(...: any)
---@return bus_listener listener
function bus_module.once(name, fn) end

---Sends values to all who listen to a name.
---
---What nobody listens to is dropped.
---
---```lua
---local bus = require "bus"
---print(bus.push("nobody", "hears"))  --> 0
---```
---@param name string # any but "*"
---@param ... any
---@return integer? listeners
---@return string? message
---@return string? code
function bus_module.push(name, ...) end

---@overload fun(name: "bus"): bus_module
function require(name) end

---What require "service" returns.
---@class service_module
local service_module = {}

---Makes a server whose connections each have a protocol.
---
---A protocol is a table of functions, all of which may be left out and may wait; a wait holds up only
---their own connection. Each connection has an object of its own that is called:
---
---    protocol:connection_made()
---    protocol:data_received(data)            at most recv_buf_size bytes
---    protocol:pre_connection_lost(reason)    it is about to close
---    protocol:connection_lost(reason)        it is gone, once: "eof", "closed",
---                                            "reset", "timeout" or "error"
---
---    recv_buf_size   256, the most bytes of one data_received
---    read_deadline   0; seconds within which something must come, or it is lost
---
---Such an object has these functions, and the fields connection, factory, session_id, peer:
---
---    protocol:send_data(...)                 queues strings
---    protocol:send_lose([data])              what is queued, data, then it closes
---    protocol:close_protocol()               what is queued, then it closes
---    protocol:add_inner_task(name, fn, ...)  a task that dies with it; returns it
---    protocol:get_inner_task(name)           the task
---    protocol:remove_inner_task(name)        the task, which lives on
---
---A factory has start() and stop([grace]); address, the real one once it is started; protocols, a table
---whose keys are those that live; and on_notify, which may be assigned. start returns the factory, or nil,
---message, code. stop waits at most `grace` seconds (1) for what is queued.
---
---```lua
---local service = require "service"
---local Echo = {}
---function Echo:data_received(data) self:send_data(data) end
---srv = service.tcp_server { address = "127.0.0.1:0", protocol = Echo }:start()
---c = connect(srv.address)
---c:write "hello"
---print(c:read(5))                    --> hello
---c:close()
---srv:stop()
---```
---@param options tcp_server_options
---@return table factory
function service_module.tcp_server(options) end

---Makes a server of datagrams, with one protocol for its socket.
---
---It is called as protocol:data_received(data, from), and sends with protocol:send_data(data, to). For the
---rest see service.tcp_server.
---
---```lua
---local service = require "service"
---local Echo = {}
---function Echo:data_received(data, from) self:send_data(data:upper(), from) end
---srv = service.udp_server { address = "127.0.0.1:0", protocol = Echo }:start()
---sock = connect(srv.address)
---sock:send "hello"
---print((sock:read()))                --> HELLO
---srv:stop()
---```
---@param options udp_server_options
---@return table factory
function service_module.udp_server(options) end

---Makes a client that comes back after a loss.
---
---start begins to connect and returns at once. With a delay it is tried until it works; after a loss once
---at once, then after each delay. Every connection has a new protocol, as those of service.tcp_server. stop
---ends it for good.
---
---```lua
---local service = require "service"
---srv = listen(0, function(c) c:write "welcome" c:read() end)
---local Greeted = {}
---function Greeted:data_received(data) print(data) self:close_protocol() end
---client = service.reconnecting_client { address = srv.address, protocol = Greeted, reconnect_delay = 10 }
---client:start()
---sleep(0.1)                          --> welcome
---client:stop()
---```
---@param options reconnecting_client_options
---@return table factory
function service_module.reconnecting_client(options) end

---Makes a server for HTTP and WebSockets on one port.
---
---`app` is what listen("http://...") takes as a handler; without one it greets. app:ws(path, fn) serves
---WebSockets. With `log` each answer is a line: the client, the request, status, bytes and seconds.
---
---```lua
---local service, http = require "service", require "http"
---local app = http.app()
---app:get("/", function() return "hello" end)
---srv = service.web_server { address = "127.0.0.1:0", app = app }:start()
---print(http.get(srv.address).body)   --> hello
---srv:stop()
---```
---@param options web_server_options
---@return table factory
function service_module.web_server(options) end

---Adds a member to the service.
---
---There is one service in a program, and its members keep their order. `service.echo` is the member of that name; `service.echo = x` adds or replaces it, `service.echo = nil` removes it. Names of these functions can be added, but not be indexed.
---
---```lua
---local service = require "service"
---service:add("demo", { on_notify = print })
---service:notify("demo", "hello")     --> hello
---service.demo = nil
---```
---@param name string
---@param member any # a factory, a listener, a connection, or anything with start, stop or on_notify
---@return any member
function service_module.add(name, member) end

---Finds a member.
---
---```lua
---local service = require "service"
---print(service:get "nobody")         --> nil
---```
---@param name string
---@return any member
function service_module.get(name) end

---Takes a member out of the service; it goes on as it is.
---
---```lua
---local service = require "service"
---service:add("demo", "anything")
---print(service:remove "demo", service:remove "demo")   --> anything    nil
---```
---@param name string
---@return any member
function service_module.remove(name) end

---Lists the names of the members, in order.
---
---```lua
---local service = require "service"
---service:add("first", 1)
---service:add("second", 2)
---print(table.concat(service:names(), " "))   --> first second
---service.first, service.second = nil
---```
---@return string[] names
function service_module.names() end

---Starts all members that have a start, in order.
---
---```lua
---local service = require "service"
---service:add("demo", { start = function() print "starts" end, stop = function() print "stops" end })
---service:start()
---service:stop()
-----> starts
-----> stops
---service.demo = nil
---```
---@async
---@return true? ok
---@return string? message
---@return string? code
function service_module.start() end

---Stops all members, the last added first.
---
---A member without a stop is ended as it is usual for it: a listener closes with that grace, a connection finishes. One that fails is told in the log, and the others still stop.
---
---```lua
---local service = require "service"
---print(service:stop())               --> true
---```
---@async
---@param grace? number # how long each may take to send what is queued (seconds, default 1)
---@return true ok
function service_module.stop(grace) end

---Has a function called at each stop, before the members end.
---
---```lua
---local service = require "service"
---service:on_stop(function() end)
---```
---@param fn fun()
function service_module.on_stop(fn) end

---Tells members something: calls on_notify(...) of each that has it.
---
---One that fails is told in the log, and the others still hear.
---
---```lua
---local service = require "service"
---service:add("a", { on_notify = function(word) print("a hears", word) end })
---service:add("b", {})
---print(service:notify("*", "hello"))
---print(select(3, service:notify("c", "hello")))
-----> a hears    hello
-----> 1
-----> ENOENT
---service.a, service.b = nil
---```
---@async
---@param which string|string[] # a name, a list of names, or "*", which is all
---@param ... any
---@return integer? heard
---@return string? message
---@return string? code
function service_module.notify(which, ...) end

---@overload fun(name: "service"): service_module
function require(name) end

---What require "handler" returns.
---@class handler_module
local handler_module = {}

---Makes a handler of anything that can be watched.
---
---A class is a table of functions; all may be left out but the first:
---
---    handler:read_callback()          it is readable
---    handler:write_callback()         it is writable
---    handler:exceptional_callback()   out-of-band data; destroys it if left out
---    handler:is_readable()            asked before each sleep; true if left out
---    handler:is_writable(), handler:is_exceptional()   false if left out
---    handler:destroyed_callback()     destroy was called
---
---Every handler, those of the functions below as well, has
---
---    handler:timeout(label, seconds, fn)   a timer that dies with it
---    handler:destroy()                     ends it, and closes what it handles;
---                                          a second time raises
---    handler:error(...)                    to the log, with its label in front;
---                                          and warn, info, debug, debug2
---    handler.label, handler.dead
---
---A descriptor that is a bare number stays open: who opened it closes it.
---
---```lua
---local handler = require "handler"
---srv = listen(0, function(c) c:write "ping" c:read() end)
---h = handler.new("demo", connect(srv.address), {
---  read_callback = function(self) print(self.label, self.x:take()) self:destroy() end })
---sleep(0.1)                          --> demo    ping
---```
---@param label string # its name in the log
---@param x integer|file*|connection|listener|socket # what read(x, fn) takes
---@param class? table # its functions; what it has not is as below
---@return table handler
function handler_module.new(label, x, class) end

---Opens a listener whose connections each have a handler.
---
---    handler:connected_callback()   at the beginning
---    handler:recv_callback(latest)  bytes have come; all that came gathers in
---                                   handler.recv_buf, which the program drains
---    handler:shutdown_callback()    the peer sends no more; if left out, destroys
---    handler:send_callback(n)       n bytes have left
---    handler:send(data)             queues bytes, never waits
---    handler.connection             the connection
---
---What goes wrong is a warning in the log, and destroys the handler.
---
---```lua
---local handler = require "handler"
---srv = handler.tcp_listener("127.0.0.1:0", {
---  recv_callback = function(self, latest) self:send(latest:upper()) end })
---c = connect(srv.address)
---c:write "hello"
---print(c:read(5))                    --> HELLO
---```
---@param address integer|string
---@param class table # its functions
---@param options? table # those of listen
---@return listener? listener
---@return string? message
---@return string? code
function handler_module.tcp_listener(address, class, options) end

---Opens such a listener and runs the loop.
---
---```lua
---local handler = require "handler"
---timeout(0.05, abort)
---print(handler.serve("127.0.0.1:0", { recv_callback = function(self, latest) end }))   --> abort
---```
---@async
---@param address integer|string
---@param class table
---@param options? table # those of listen
---@return "empty"|"abort"|nil how
---@return string? message
---@return string? code
function handler_module.serve(address, class, options) end

---Makes a handler that connects.
---
---    handler:connection_callback(ok, message, code)
---
---tells that it is connected; or that it is not, and is destroyed when this returns.
---
---For the rest see handler.tcp_listener. What is sent before it is connected leaves then. A limit for
---connecting is a timeout of its own: `h:timeout("connect", 5, function() h:destroy() end)`.
---
---```lua
---local handler = require "handler"
---srv = listen(0, function(c) c:pipe(c) end)
---h = handler.tcp_client(srv.address, {
---  connection_callback = function(self, ok) print(ok) end,
---  recv_callback = function(self, latest) print(latest) self:destroy() end })
---h:send "hello"
---sleep(0.1)
-----> true
-----> hello
---```
---@param address integer|string
---@param class table
---@param options? table # those of connect
---@return table handler
function handler_module.tcp_client(address, class, options) end

---Makes a handler of datagrams, for servers and clients.
---
---    handler:recv_callback(from, datagram)
---    handler:sendto(address, datagram)   in order; what cannot be sent is
---                                        a warning, and dropped
---    handler.address                     its own, with the real port
---
---```lua
---local handler = require "handler"
---h = handler.udp("127.0.0.1:0", {
---  recv_callback = function(self, from, datagram) self:sendto(from, datagram:reverse()) end })
---sock = connect(h.address)
---sock:send "abc"
---print((sock:read()))                --> cba
---h:destroy()
---```
---@param address integer|string # its own; a client takes port 0
---@param class table
---@param label? string # (default the address)
---@return table? handler
---@return string? message
---@return string? code
function handler_module.udp(address, class, label) end

---Makes a timer that runs once and that nobody owns.
---
---    task:restart()        again with the time it has, from within fn as well
---    task:reset(seconds)   again with another
---    task:cancel()         true if it had not run
---    task:alive()          whether it will run
---    task:remaining()      seconds, never negative, cancelled or not
---
---One of handler:timeout raises in each of these once its handler was destroyed.
---
---```lua
---local handler = require "handler"
---local count = 0
---handler.timeout("tick", 0.01, function(task)
---  count = count + 1
---  print("tick", count)
---  if count < 3 then task:restart() end
---end)
---sleep(0.1)
-----> tick 1
-----> tick 2
-----> tick 3
---```
---@param label string
---@param seconds number # (seconds)
---@param fn fun(task: table)
---@return table task
function handler_module.timeout(label, seconds, fn) end

---@overload fun(name: "handler"): handler_module
function require(name) end

---What require "log" returns.
---@class log_module
local log_module = {}

---Writes a failure to the log.
---
---```lua
---local log = require "log"
---log.error("peer", 7, "says", true)
---```
---@param ... any
function log_module.error(...) end

---Writes a warning to the log.
---
---```lua
---local log = require "log"
---log.warn("peer", 7, "says", true)
---```
---@param ... any
function log_module.warn(...) end

---Writes what people want to know to the log.
---
---```lua
---local log = require "log"
---log.info("peer", 7, "says", true)
---```
---@param ... any
function log_module.info(...) end

---Writes what explains the rest to the log.
---
---```lua
---local log = require "log"
---log.debug("peer", 7, "says", true)
---```
---@param ... any
function log_module.debug(...) end

---Writes the finest detail to the log.
---
---```lua
---local log = require "log"
---log.debug2("peer", 7, "says", true)
---```
---@param ... any
function log_module.debug2(...) end

---Sets and tells which levels pass.
---
---It holds for terminal, file and connection:log. The system's log and mail may have levels of their own.
---
---```lua
---local log = require "log"
---print(log.level())                  --> debug2
---log.level "warn"
---log.info "not written"
---log.level "debug2"
---```
---@param name "error"|"warn"|"info"|"debug"|"debug2"|nil # the last that does: "warn" keeps info and debug away
---@return string level
function log_module.level(name) end

---Says whether and how the log is written to the terminal.
---
---The terminal is stderr. A target that fails says so there in any case, once.
---
---```lua
---local log = require "log"
---log.terminal "json"
---log.info "for a collector of logs"
---log.terminal(true)
---```
---@param on boolean|"json"|nil # "json" writes an object a line (default true at first)
---@return boolean|"json" on
function log_module.terminal(on) end

---Writes the log to a file as well.
---
---A line is in the file when the call returns. A file that somebody renames or removes is left with the
---next entry, which begins a new one under the name; so tools that rotate logs need no signal, and
---those that send one find `signal("SIGHUP", log.reopen)`. Several processes may write to one file.
---
---What the shell itself tells is there as well: errors of tasks and callbacks with their tracebacks,
---attempts of a client that reconnects. What cannot be written (the disk is full) goes to the terminal,
---even where that is silenced.
---
---```lua
---local log = require "log"
---local path = os.tmpname()
---log.file(path, { max_size = 1000000, keep = 3 })
---log.terminal(false)
---log.warn("disk", 91, "% full")
---log.file(false)
---log.terminal(true)
---print(io.open(path):read("a"):match "warn.*%%")   --> warn disk 91 %
---os.remove(path)
---```
---@param path string|false # a line is appended for each entry; false ends it
---@param options? log_file_options
---@return true? ok
---@return string? message
---@return string? code
function log_module.file(path, options) end

---Writes to the log of the system as well.
---
---Entries that a daemon does not take (there is none, it is too slow) are lost to it, and counted in the next one.
---
---```lua
---local log = require "log"
---sock = listen("udp://127.0.0.1:0")
---log.syslog { address = sock.address, tag = "demo", facility = "daemon" }
---log.warn "hello"
---print((sock:read():gsub("1 %S+ %S+ demo %d+", "...")))   --> <28>... - - hello
---log.syslog(false)
---```
---@async
---@param options log_syslog_options|false|nil # false ends it
---@return true? ok
---@return string? message
---@return string? code
function log_module.syslog(options) end

---Sends the log by mail as well, a storm of errors as one mail.
---
---The first entry waits a second for others; then one mail leaves, and the next not before `interval` is
---over. The same text stands in it once, with how often it came; of more than a hundred different ones
---the rest is counted. A mail that fails is told by the other targets and goes with the next; after three
---times it is given up. What waits for its time keeps the program going; os.exit does not: see log.flush.
---
---```lua
---local log = require "log"
---log.mail { server = "mail.example.org", from = "app@example.org", to = "ops@example.org",
---  level = "error", interval = 600 }
---log.mail(false)
---```
---@param options log_mail_options|false # without both `from` and `to` nothing is sent; false ends it
---@return true ok
function log_module.mail(options) end

---Opens the file of log.file anew.
---
---```lua
---local log = require "log"
---hangup = signal("SIGHUP", log.reopen)
---hangup:delete()
---```
---@return true? ok
---@return string? message
---@return string? code
function log_module.reopen() end

---Sends at once what waits to go by mail.
---
---```lua
---local log = require "log"
---print(log.flush())                  --> true
---```
---@async
---@param seconds? number # how long that may take (seconds, default 10)
---@return boolean done
function log_module.flush(seconds) end

---@overload fun(name: "log"): log_module
function require(name) end

---What require "smtp" returns.
---@class smtp_module
local smtp_module = {}

---Sends a mail.
---
---The message names the command that was refused and what the server said:
---`smtp.send 127.0.0.1:25: RCPT TO:<x@example.org>: 550 no such user here`.
---
---TLS is used where the server offers it, and verified as everywhere, with the name of `server`. A
---password leaves only through TLS, unless `tls` is false. Text with other letters than ASCII, and
---long lines, travel in base64; a line's end in an address or a header raises.
---
---```lua
---local smtp = require "smtp"
---srv = listen(0, function(c)  -- a server in seven lines
---  c:write "220 here\r\n"
---  for line in c:lines() do
---    if line:find "^DATA" then c:write "354 go on\r\n" c:read_until "\r\n.\r\n" end
---    c:write(line:find "^RCPT" and "550 nobody of that name\r\n" or "250 well\r\n")
---  end
---end)
---print(select(3, smtp.send { server = srv.address, from = "me@example.org", to = "you@example.org",
---  subject = "hello", body = "How are you?\n" }))   --> EPROTO
---```
---@async
---@param options smtp_options
---@return true? ok
---@return table<string, string>|string|nil refused_or_message
---@return string? code
function smtp_module.send(options) end

---@overload fun(name: "smtp"): smtp_module
function require(name) end

---What require "workers" returns.
---@class workers_module
local workers_module = {}

---Runs worker processes and keeps them alive.
---
---The process that calls it is the supervisor. Each worker is a process of its own that runs the same
---script from its beginning, up to this call: there main(number) is called. So what stands before the call
---runs in each of them. Workers share an address with the option `reuseport`:
---
---    workers.run({ processes = 4, pid_file = "app.pid" }, function(number)
---      listen(":8000", { reuseport = true }, serve)
---    end)
---
---A worker that ends is started again, after a delay that grows while it ends within ten seconds. Signals to
---the supervisor:
---
---    QUIT         workers end gracefully: no new connections, those that are open
---                 may end; what takes longer than `grace` is killed
---    INT, TERM    workers end at once
---    USR1         log.reopen(), here and there
---    HUP, USR2    reload: new workers, from the script as it is now; if they live
---                 the old ones end as by QUIT, if not the old ones go on. With
---                 `reuseport` nobody is refused or reset meanwhile; without it
---                 the address is taken, and the old ones go on
---
---`user` and `group` are taken by the workers before main is called; who must open a port below 1024 first
---calls process.become in main instead. The log has a line for each start and end. A worker ends as well when
---its supervisor was killed; its standard input is what it knows that by.
---
---```lua
---local workers = require "workers"
---print(pcall(workers.run, { processes = 0 }, print))
-----> false    workers.run: option 'processes' must be from 1 to 1024, got 0
---```
---@async
---@param options? workers_options
---@param main fun(number: integer) # what a worker does
---@return true? ok
---@return string? message
---@return string? code
function workers_module.run(options, main) end

---@overload fun(name: "workers"): workers_module
function require(name) end
