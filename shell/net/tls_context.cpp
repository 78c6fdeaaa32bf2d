#include "net/tls_context.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "net/text.hpp"
#include "net/tls_authority.hpp"
#include "net/tls_session.hpp"

namespace moonwire {

using namespace openssl;

namespace {

/// Servers, and ways to connect, that are remembered at most.
constexpr std::size_t kMostSessions = 256;
constexpr std::size_t kMostContexts = 64;
/// OpenSSL resumes no session with a client's certificate without one. Tickets of another
/// listener are not opened in any case: each has keys of its own.
constexpr unsigned char kSessionContext[] = "moonwire";

/// "5ed36f99.0": a directory of those is read as far as somebody asks, by the name's hash.
bool is_hashed(const char* directory) {
  DIR* const opened = ::opendir(directory);
  bool found = false;
  while (const dirent* entry = opened && !found ? ::readdir(opened) : nullptr) {
    const std::string_view name = entry->d_name;
    found = name.size() == 10 && name.ends_with(".0");
  }
  if (opened) ::closedir(opened);
  return found;
}

/// The whole file takes 50 ms, which is for systems and users that have nothing else.
void add_system_roots(X509_STORE* store) {
  const char* const asked = std::getenv(X509_get_default_cert_dir_env());
  const char* const directory = asked ? asked : X509_get_default_cert_dir();
  const bool wants_file = std::getenv(X509_get_default_cert_file_env()) != nullptr;
  if (wants_file || !is_hashed(directory)) {
    X509_STORE_set_default_paths(store);
    return;
  }
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
  if (lookup) X509_LOOKUP_add_dir(lookup, directory, X509_FILETYPE_PEM);
}

/// The system's roots, once a process. OpenSSL locks it.
X509_STORE* system_roots() {
  static const OwnedStore store = [] {
    OwnedStore made(X509_STORE_new());
    add_system_roots(made.get());
    X509_STORE_set_flags(made.get(), X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();  // a system without roots trusts nobody
    return made;
  }();
  return store.get();
}

/// Who listens without a certificate in this process is trusted in it.
void trust_ourselves() {
  if (TlsAuthority* const own = TlsAuthority::existing()) {
    X509_STORE_add_cert(system_roots(), own->certificate());
  }
}

const TlsContext& context_of(const SSL* ssl) {
  return *static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

tl::unexpected<Error> wrong(const char* option, std::string cause) {
  return failure(static_cast<Code>(EINVAL), "tls", option, std::move(cause));
}

}  // namespace

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::open(TlsRole role, const TlsOptions& options,
                                                     const std::vector<std::string>& names) {
  std::shared_ptr<TlsContext> made(new TlsContext(role, options));
  if (auto done = made->prepare(names); !done) return tl::unexpected<Error>(done.error());
  return made;
}

Status TlsContext::prepare(const std::vector<std::string>& names) {
  if (auto loaded = load_openssl(); !loaded) return loaded;
  ERR_clear_error();
  context_.reset(
      SSL_CTX_new(role_ == TlsRole::kServer ? TLS_server_method() : TLS_client_method()));
  if (!context_) return failure(Code::kTls, "tls", {}, openssl_trouble());
  SSL_CTX* const c = context_.get();
  SSL_CTX_set_app_data(c, this);
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                          SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_id_context(c, kSessionContext, sizeof kSessionContext);
  if (role_ == TlsRole::kServer) {
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // tickets carry everything
    SSL_CTX_set_dh_auto(c, 1);
    // Answering at all is what tells the client that its name was looked at.
    SSL_CTX_set_tlsext_servername_callback(
        c, +[](SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; });
  } else {
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c, TlsSession::on_new_ticket);
  }
  for (auto step : {&TlsContext::set_versions, &TlsContext::set_ciphers, &TlsContext::set_pins,
                    &TlsContext::set_protocols, &TlsContext::set_keylog}) {
    if (auto done = (this->*step)(); !done) return done;
  }
  if (auto done = set_identities(names); !done) return done;
  return set_trust();
}

Status TlsContext::set_versions() {
  const std::string& least = options_.min_version;
  if (!least.empty() && least != "1.2" && least != "1.3") {
    return wrong("tls.min_version", quoted(least) + " is neither \"1.2\" nor \"1.3\"");
  }
  SSL_CTX_set_min_proto_version(context_.get(), least == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
  return {};
}

/// Suites of TLS 1.3 have names of their own; who names only those wants no other version.
Status TlsContext::set_ciphers() {
  std::string list;
  std::string suites;
  std::string_view rest = options_.ciphers;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(":, "), rest.size());
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (name.empty()) continue;
    std::string& into = name.starts_with("TLS_") ? suites : list;
    into.append(into.empty() ? "" : ":").append(name);
  }
  SSL_CTX* const c = context_.get();
  if (!suites.empty() && SSL_CTX_set_ciphersuites(c, suites.c_str()) != 1) {
    ERR_clear_error();
    return wrong("tls.ciphers", "no suite of TLS 1.3 in " + quoted(suites));
  }
  if (!list.empty() && SSL_CTX_set_cipher_list(c, list.c_str()) != 1) {
    ERR_clear_error();
    return wrong("tls.ciphers", "no cipher that OpenSSL knows in " + quoted(list));
  }
  if (!suites.empty() && list.empty()) SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
  return {};
}

Status TlsContext::set_pins() {
  for (const std::string& each : options_.pin) {
    std::string digest = pin_bytes(each);
    if (digest.empty()) {
      return wrong("tls.pin", quoted(each) +
                                  " is no SHA-256: write \"sha256//\" and 44 letters of "
                                  "base64, or 64 hexadecimal digits");
    }
    pins_.push_back(std::move(digest));
  }
  return {};
}

/// The context's own certificate is the first; the others are chosen by the name asked for.
Status TlsContext::set_identities(const std::vector<std::string>& names) {
  if (options_.cert.empty() && !options_.key.empty()) {
    return wrong("tls.key", "a key without tls.cert");
  }
  if (options_.key.size() > options_.cert.size())
    return wrong("tls.key", "more keys than tls.cert");
  for (std::size_t i = 0; i < options_.cert.size(); ++i) {
    const std::string key = i < options_.key.size() ? options_.key[i] : std::string();
    auto identity = load_identity(options_.cert[i], key);
    if (!identity) return tl::unexpected<Error>(std::move(identity.error()));
    // Not what is used later: it tells now of a key that is too weak for OpenSSL.
    if (SSL_CTX_use_cert_and_key(context_.get(), identity->certificate.get(), identity->key.get(),
                                 nullptr, 1) != 1) {
      return failure(Code::kTls, "tls", "tls.cert", openssl_trouble());
    }
    identities_.push_back(std::move(*identity));
  }
  if (identities_.empty() && role_ == TlsRole::kServer) {
    TlsAuthority& authority = TlsAuthority::of_process();
    std::vector<std::string> all = local_certificate_names();
    all.insert(all.end(), names.begin(), names.end());
    identities_.push_back(authority.issue(all));
    made_by_ = authority.certificate();
  }
  if (identities_.empty()) return {};
  const auto choose_for = [](SSL* ssl, void*) { return context_of(ssl).choose(ssl); };
  SSL_CTX_set_cert_cb(context_.get(), choose_for, nullptr);
  return {};
}

/// Gives `ssl` what fits the name that the client asked for, else the first.
int TlsContext::choose(SSL* ssl) const {
  const auto use = [ssl](const TlsIdentity& identity) {
    STACK_OF(X509)* const chain = sk_X509_new_null();
    for (const OwnedCertificate& each : identity.chain) sk_X509_push(chain, each.get());
    const int done =
        SSL_use_cert_and_key(ssl, identity.certificate.get(), identity.key.get(), chain, 1);
    sk_X509_free(chain);
    return done;
  };
  const char* const name =
      role_ == TlsRole::kServer ? SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) : nullptr;
  SSL_certs_clear(ssl);
  bool any = false;
  for (const TlsIdentity& identity : identities_) {  // one of each kind of key, if there are
    if (name && is_for(identity.certificate.get(), name)) any = use(identity) == 1 || any;
  }
  return any ? 1 : use(identities_.front());
}

Status TlsContext::set_trust() {
  SSL_CTX* const c = context_.get();
  using ClientAuth = TlsOptions::ClientAuth;
  const bool trusts = !options_.ca.empty() || !pins_.empty();
  ClientAuth usual = trusts ? ClientAuth::kRequest : ClientAuth::kNone;
  if (!pins_.empty()) usual = ClientAuth::kRequire;
  const ClientAuth auth = options_.client_auth.value_or(usual);
  only_pins_ = !pins_.empty() && !options_.verify.value_or(false);
  verifies_ = options_.verify.value_or(true);
  if (role_ == TlsRole::kServer && auth != ClientAuth::kNone && verifies_ && !trusts) {
    return wrong("tls.client_auth",
                 "tls.ca must name who may sign the clients' certificates, or "
                 "tls.pin their keys");
  }
  if (!options_.ca.empty()) {
    auto authorities = load_certificates(options_.ca, "tls.ca");
    if (!authorities) return tl::unexpected<Error>(std::move(authorities.error()));
    X509_STORE* const store = SSL_CTX_get_cert_store(c);
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    for (const OwnedCertificate& each : *authorities) {
      X509_STORE_add_cert(store, each.get());
      if (role_ == TlsRole::kServer) SSL_CTX_add_client_CA(c, each.get());
    }
  } else if (role_ == TlsRole::kClient) {
    SSL_CTX_set1_cert_store(c, system_roots());
  }
  int mode = role_ == TlsRole::kClient || auth != ClientAuth::kNone ? SSL_VERIFY_PEER : 0;
  if (role_ == TlsRole::kServer && auth == ClientAuth::kRequire) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(c, mode, nullptr);
  SSL_CTX_set_cert_verify_callback(c, TlsSession::on_verify, nullptr);
  return {};
}

Status TlsContext::set_protocols() {
  for (const std::string& each : options_.alpn) {
    if (each.empty() || each.size() > 255) {
      return wrong("tls.alpn", quoted(each) + ": a protocol's name has 1 to 255 bytes");
    }
    protocols_ += static_cast<char>(each.size());
    protocols_ += each;
  }
  if (protocols_.empty()) return {};
  SSL_CTX* const c = context_.get();
  const auto* wire = reinterpret_cast<const unsigned char*>(protocols_.data());
  if (role_ == TlsRole::kClient) {
    SSL_CTX_set_alpn_protos(c, wire, static_cast<unsigned>(protocols_.size()));  // 0: well
    return {};
  }
  const auto select = [](SSL* ssl, const unsigned char** chosen, unsigned char* size,
                         const unsigned char* offered, unsigned count, void*) {
    const std::string& ours = context_of(ssl).protocols_;
    unsigned char* found = nullptr;
    const int how =
        SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
                              static_cast<unsigned>(ours.size()), offered, count);
    *chosen = found;
    return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  };
  SSL_CTX_set_alpn_select_cb(c, select, nullptr);
  return {};
}

/// What a capture of the wire is read with later: a line for each secret.
Status TlsContext::set_keylog() {
  const char* const environment = std::getenv("SSLKEYLOGFILE");
  const bool asked = !options_.keylog.empty();
  const std::string path = asked ? options_.keylog : environment ? environment : "";
  if (path.empty()) return {};
  keylog_.reset(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!keylog_) {
    return system_failure("tls", (asked ? "tls.keylog " : "SSLKEYLOGFILE ") + quoted(path));
  }
  const auto note = [](const SSL* ssl, const char* line) {
    const std::string text = std::string(line) + "\n";
    // Nobody can be told here that the disk is full.
    (void)!::write(context_of(ssl).keylog_.get(), text.data(), text.size());
  };
  SSL_CTX_set_keylog_callback(context_.get(), note);
  return {};
}

void TlsContext::drop_session(const std::string& server) { sessions_.erase(server); }

OwnedSession TlsContext::take_session(const std::string& server) {
  const auto found = sessions_.find(server);
  if (found == sessions_.end()) return nullptr;
  SSL_SESSION* const kept = found->second.session.get();
  if (SSL_SESSION_get_protocol_version(kept) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(kept);
    return OwnedSession(kept);
  }
  OwnedSession session = std::move(found->second.session);
  sessions_.erase(found);
  return session;
}

void TlsContext::keep_session(const std::string& server, OwnedSession session) {
  sessions_[server] = {std::move(session), ++next_age_};
  if (sessions_.size() <= kMostSessions) return;
  const auto older = [](const auto& a, const auto& b) { return a.second.age < b.second.age; };
  sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), older));
}

// --- contexts ----------------------------------------------------------------------------

namespace {

void add_word(std::string& key, const std::string& word) { key.append(word).push_back('\0'); }

/// A file stands for what it holds now.
void add_source(std::string& key, const std::string& source) {
  add_word(key, source);
  struct stat about {};
  if (source.empty() || ::stat(source.c_str(), &about) != 0) return;
  key += std::to_string(about.st_ino) + " " + std::to_string(about.st_size) + " " +
         std::to_string(about.st_mtim.tv_sec) + "." + std::to_string(about.st_mtim.tv_nsec);
}

/// Says all that options say.
std::string key_of(TlsRole role, const TlsOptions& options) {
  std::string key = role == TlsRole::kServer ? "server\n" : "client\n";
  for (const auto* list : {&options.cert, &options.key}) {
    for (const std::string& each : *list) add_source(key, each);
    key += '\n';
  }
  for (const auto* list : {&options.pin, &options.alpn}) {
    for (const std::string& each : *list) add_word(key, each);
    key += '\n';
  }
  add_source(key, options.ca);
  for (const auto* each :
       {&options.keylog, &options.server_name, &options.ciphers, &options.min_version}) {
    add_word(key, *each);
  }
  key += options.verify ? (*options.verify ? '1' : '0') : '-';
  key += options.client_auth ? std::to_string(static_cast<int>(*options.client_auth)) : "-";
  return key + std::to_string(options.handshake.count());
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContexts::get(TlsRole role, const TlsOptions& options) {
  if (role == TlsRole::kClient) trust_ourselves();
  const std::string key = key_of(role, options);
  if (const auto found = contexts_.find(key); found != contexts_.end()) return found->second;
  auto made = TlsContext::open(role, options);
  if (!made) return made;
  if (contexts_.size() >= kMostContexts) contexts_.clear();  // those in use live on
  contexts_[key] = *made;
  return made;
}

}  // namespace moonwire
