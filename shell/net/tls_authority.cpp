#include "net/tls_authority.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <atomic>

#include "net/endpoint.hpp"
#include "net/host_name.hpp"

namespace moonwire {

using namespace openssl;

namespace {

std::atomic<TlsAuthority*> process_authority{nullptr};

/// The first thing that an authority does.
OwnedKey make_key() {
  (void)load_openssl();  // whoever wants a context has heard of a failure
  return OwnedKey(EVP_EC_gen("P-256"));
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension) X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void set_name(X509_NAME* name, const char* key, const std::string& value) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(value.c_str());
  X509_NAME_add_entry_by_txt(name, key, MBSTRING_UTF8, bytes, -1, -1, 0);
}

OwnedCertificate make_certificate(const std::string& name, EVP_PKEY* key,
                                  const TlsAuthority::Validity& validity) {
  OwnedCertificate certificate(X509_new());
  X509* const c = certificate.get();
  X509_set_version(c, X509_VERSION_3);
  unsigned char serial[16];
  RAND_bytes(serial, sizeof serial);
  serial[0] &= 0x7f;  // positive
  BIGNUM* const number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(c));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(c), validity.from);
  X509_gmtime_adj(X509_getm_notAfter(c), validity.to);
  X509_set_pubkey(c, key);
  set_name(X509_get_subject_name(c), "O", "moonwire");
  set_name(X509_get_subject_name(c), "CN", name);
  return certificate;
}

/// "DNS:localhost,IP:127.0.0.1".
std::string alternative_names(const std::vector<std::string>& names) {
  std::string all;
  std::vector<std::string> known;
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    known.push_back(name);
    const bool is_ip = Endpoint::from_ip(name, 0).has_value();
    const std::string host = name.starts_with("*.") ? name.substr(2) : name;
    if (!is_ip && !host_name_fault(host).empty()) continue;
    if (is_ip && name.find('%') != name.npos) continue;  // an interface is no part of a name
    all += (all.empty() ? "" : ",") + std::string(is_ip ? "IP:" : "DNS:") + name;
  }
  return all;
}

}  // namespace

TlsAuthority::TlsAuthority(const std::string& name)
    : key_(make_key()),
      certificate_(make_certificate(name, key_.get(), Validity())),
      leaf_key_(make_key()) {
  X509* const c = certificate_.get();
  X509_set_issuer_name(c, X509_get_subject_name(c));
  add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(c, c, NID_subject_key_identifier, "hash");
  X509_sign(c, key_.get(), EVP_sha256());
}

TlsAuthority& TlsAuthority::of_process() {
  static TlsAuthority authority("session CA of process " + std::to_string(::getpid()));
  process_authority = &authority;
  return authority;
}

TlsAuthority* TlsAuthority::existing() { return process_authority; }

TlsIdentity TlsAuthority::issue(const std::vector<std::string>& names, const Validity& validity) {
  TlsIdentity identity;
  const std::string name = names.empty() ? "localhost" : names.front();
  identity.certificate = make_certificate(name, leaf_key_.get(), validity);
  X509* const c = identity.certificate.get();
  X509_set_issuer_name(c, X509_get_subject_name(certificate()));
  add_extension(c, certificate(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(c, certificate(), NID_key_usage, "critical,digitalSignature");
  add_extension(c, certificate(), NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(c, certificate(), NID_subject_key_identifier, "hash");
  add_extension(c, certificate(), NID_authority_key_identifier, "keyid");
  const std::string alternatives = alternative_names(names);
  if (!alternatives.empty()) {
    add_extension(c, certificate(), NID_subject_alt_name, alternatives);
  }
  X509_sign(c, key_.get(), EVP_sha256());
  EVP_PKEY_up_ref(leaf_key_.get());
  identity.key.reset(leaf_key_.get());
  X509_up_ref(certificate());
  identity.chain.emplace_back(certificate());
  ERR_clear_error();
  return identity;
}

std::vector<std::string> local_certificate_names() {
  std::vector<std::string> names{"localhost"};
  char host[256] = "";
  if (::gethostname(host, sizeof host - 1) == 0 && *host) names.emplace_back(host);
  names.insert(names.end(), {"127.0.0.1", "::1"});
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return names;
  for (const ifaddrs* each = all; each; each = each->ifa_next) {
    const int family = each->ifa_addr ? each->ifa_addr->sa_family : AF_UNSPEC;
    if (family != AF_INET && family != AF_INET6) continue;
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    names.push_back(Endpoint(each->ifa_addr, size).ip());
  }
  ::freeifaddrs(all);
  return names;
}

}  // namespace moonwire
