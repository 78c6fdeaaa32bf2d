--- Certificates good and bad for the Lua tests, made by openssl in a folder of their own when this
-- is required. The authorities are ca and other; signed are good, wrong (for another name), expired
-- and client by ca, stranger by other, self by itself.
local check = require "check"
local process = require "process"

local folder = os.tmpname()
os.remove(folder)

local certificates = { folder = folder }

--- Runs a shell command in the folder; gives what process.run does.
function certificates.sh(command, ...)
  return process.run { "sh", "-ec", "cd '" .. folder .. "' && " .. command:format(...) }
end

--- The path of a file in the folder, be it there or not.
function certificates.file(name) return folder .. "/" .. name end

--- The options cert and key for one of the certificates.
function certificates.files(name)
  return { cert = certificates.file(name .. ".pem"), key = certificates.file(name .. ".key") }
end

--- What is in a file of the folder.
function certificates.text_of(name)
  local f <close> = assert(io.open(certificates.file(name)))
  return f:read "a"
end

--- Removes the folder, at the end of the tests.
function certificates.remove() os.execute("rm -r '" .. folder .. "'") end

local SCRIPT <const> = [[
  req="openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
  $req -subj "/CN=Test CA" -keyout ca.key -out ca.pem \
    -addext keyUsage=critical,keyCertSign >/dev/null
  $req -subj "/CN=Other CA" -keyout other.key -out other.pem \
    -addext keyUsage=critical,keyCertSign >/dev/null
  leaf() {  # NAME AUTHORITY ALTERNATIVE-NAMES
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
      -keyout $1.key -out $1.csr
    printf 'subjectAltName=%s\n' "$3" >$1.ext
    openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 2 \
      -extfile $1.ext -out $1.pem
  }
  leaf good ca DNS:localhost,IP:127.0.0.1
  leaf wrong ca DNS:elsewhere.example
  leaf stranger other DNS:localhost,IP:127.0.0.1
  leaf client ca DNS:client
  $req -subj "/CN=self" -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout self.key -out self.pem
  mkdir db; : >db/index; echo 01 >db/serial
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=db/index\nserial=db/serial\nnew_certs_dir=db\n' >db.conf
  printf 'default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n' >>db.conf
  printf '[x]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n' >>db.conf
  cp good.key expired.key
  openssl ca -batch -config db.conf -cert ca.pem -keyfile ca.key -in good.csr -out expired.pem \
    -startdate 20200101000000Z -enddate 20200201000000Z -notext
]]

check.ok(process.run { "mkdir", folder })
local out, _, status = process.run { "sh", "-ec", "cd '" .. folder .. "'\n" .. SCRIPT,
  stderr = "stdout" }
if status ~= 0 then error("openssl: " .. tostring(out)) end

return certificates
