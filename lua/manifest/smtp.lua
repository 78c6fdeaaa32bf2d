--- The manifest: the module smtp.
return {
  name = "smtp",
  module = "smtp",
  title = "The module smtp",
  entries = {
    {
      name = "smtp.send",
      signature = "smtp.send(options)",
      summary = "Sends a mail.",
      args = { { name = "options", type = "smtp_options" } },
      options = "smtp",
      results = "true, and if some recipients were refused a table of what the server said to each; "
        .. "or nil, message, code: then nobody got it",
      returns = { "true? ok", "table<string, string>|string|nil refused_or_message", "string? code" },
      errors = {
        { "EACCES", "the server does not believe who we are, or wants to know" },
        { "EAGAIN", "it cannot do it now (an answer of 400 to 499): later it may" },
        { "EPROTO", "it refuses a command, or what it says is no SMTP" },
        { "ETLS", "it has no TLS where that must be, or its certificate is not good" },
        { "EOF", "it hung up" },
        { "ETIMEDOUT", "it did not answer within `timeout`" },
        { "ECONNREFUSED", "there is none; and what else connect fails with" },
      },
      waits = true,
      text = [[
The message names the command that was refused and what the server said:
`smtp.send 127.0.0.1:25: RCPT TO:<x@example.org>: 550 no such user here`.

TLS is used where the server offers it, and verified as everywhere, with the name of `server`. A
password leaves only through TLS, unless `tls` is false. Text with other letters than ASCII, and
long lines, travel in base64; a line's end in an address or a header raises.]],
      example = [[
local smtp = require "smtp"
srv = listen(0, function(c)  -- a server in seven lines
  c:write "220 here\r\n"
  for line in c:lines() do
    if line:find "^DATA" then c:write "354 go on\r\n" c:read_until "\r\n.\r\n" end
    c:write(line:find "^RCPT" and "550 nobody of that name\r\n" or "250 well\r\n")
  end
end)
print(select(3, smtp.send { server = srv.address, from = "me@example.org", to = "you@example.org",
  subject = "hello", body = "How are you?\n" }))   --> EPROTO]],
    },
  },
}
