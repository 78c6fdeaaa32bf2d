#include "net/tls_certificate.hpp"

#include <cstdio>
#include <ctime>

#include "net/endpoint.hpp"
#include "net/text.hpp"

namespace moonwire {

using namespace openssl;

namespace {

constexpr std::size_t kMostPem = 8 << 20;
constexpr std::size_t kDigest = 32;

bool is_pem(std::string_view text) { return text.find("-----BEGIN ") != text.npos; }

/// How messages call it: PEM text is never printed, a key least of all.
std::string name_of(const std::string& source, const char* option) {
  return is_pem(source) ? option : option + std::string(" ") + quoted(source);
}

tl::unexpected<Error> bad(Code code, const std::string& source, const char* option,
                          std::string cause) {
  return failure(code, "tls", name_of(source, option), std::move(cause));
}

Result<std::string> text_of(const std::string& source, const char* option) {
  if (is_pem(source)) return source;
  std::FILE* const file = std::fopen(source.c_str(), "rbe");
  if (!file) return bad(static_cast<Code>(errno), source, option, {});
  std::string text;
  char piece[16384];
  std::size_t got = 0;
  while ((got = std::fread(piece, 1, sizeof piece, file)) > 0 && text.size() < kMostPem) {
    text.append(piece, got);
  }
  const int code = std::ferror(file) ? errno : 0;
  std::fclose(file);
  if (code) return bad(static_cast<Code>(code), source, option, {});
  if (!is_pem(text)) return bad(Code::kTls, source, option, "not a PEM file");
  return text;
}

OwnedBio bio_of(const std::string& text) {
  return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// OpenSSL would ask at the terminal, and wait there.
int no_password(char*, int, int, void*) { return -1; }

Result<std::vector<OwnedCertificate>> certificates_in(const std::string& text,
                                                      const std::string& source,
                                                      const char* option) {
  std::vector<OwnedCertificate> found;
  const OwnedBio bio = bio_of(text);
  ERR_clear_error();
  while (X509* each = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
    found.emplace_back(each);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string trouble = openssl_trouble();
  if (!at_end) return bad(Code::kTls, source, option, "a damaged certificate: " + trouble);
  if (found.empty()) return bad(Code::kTls, source, option, "no certificate in it");
  return found;
}

Result<OwnedKey> key_in(const std::string& text, const std::string& source, const char* option) {
  const OwnedBio bio = bio_of(text);
  ERR_clear_error();
  OwnedKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  const std::string trouble = openssl_trouble();
  if (key) return key;
  if (text.find("ENCRYPTED") != text.npos) {
    return bad(Code::kTls, source, option,
               "the key is encrypted; openssl pkey -in FILE -out PLAIN decrypts it");
  }
  if (text.find("PRIVATE KEY-----") == text.npos) {
    return bad(
        Code::kTls, source, option,
        "no private key in it" +
            std::string(option == std::string_view("tls.cert") ? "; tls.key names its file" : ""));
  }
  return bad(Code::kTls, source, option, "a damaged key: " + trouble);
}

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string digest_of(const unsigned char* data, std::size_t size) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(data, size, digest, &length, EVP_sha256(), nullptr);
  return {reinterpret_cast<char*>(digest), length};
}

/// Of what an i2d function writes.
template <typename Object>
std::string digest_of(Object* object, int (*encode)(Object*, unsigned char**)) {
  unsigned char* data = nullptr;
  const int size = encode(object, &data);
  if (size < 0) return {};
  std::string digest = digest_of(data, static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return digest;
}

std::string name_text(const X509_NAME* name) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string ip_text(const ASN1_OCTET_STRING* ip) {
  const unsigned char* data = ASN1_STRING_get0_data(ip);
  const int size = ASN1_STRING_length(ip);
  char text[64] = "";
  if (size == 4) {
    std::snprintf(text, sizeof text, "%d.%d.%d.%d", data[0], data[1], data[2], data[3]);
    return text;
  }
  std::string all;
  for (int i = 0; size == 16 && i < 16; i += 2) {
    std::snprintf(text, sizeof text, "%s%x", i ? ":" : "", data[i] << 8 | data[i + 1]);
    all += text;
  }
  const auto endpoint = Endpoint::from_ip(all, 0);
  return endpoint ? endpoint->ip() : all;
}

/// What it is for: its alternative names, or the subject's when there are none.
std::string names_of(X509* certificate) {
  std::string all;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* each = sk_GENERAL_NAME_value(names, i);
    std::string text;
    if (each->type == GEN_DNS) {
      text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName)),
                  static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName)));
    } else if (each->type == GEN_IPADD) {
      text = ip_text(each->d.iPAddress);
    }
    if (!text.empty()) all += (all.empty() ? "" : ", ") + text;
  }
  GENERAL_NAMES_free(names);
  if (!all.empty()) return all;
  char common[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common,
                            sizeof common);
  return common;
}

long long seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<long long>(::timegm(&parts)) : 0;
}

/// Strict base64 of 32 bytes; none if it is not.
std::string from_base64(std::string_view text) {
  if (text.size() != 44 || text.back() != '=') return {};
  unsigned char bytes[33];
  const auto* from = reinterpret_cast<const unsigned char*>(text.data());
  if (text.find_first_of(" \t\r\n") != text.npos || EVP_DecodeBlock(bytes, from, 44) != 33) {
    return {};
  }
  return {reinterpret_cast<char*>(bytes), kDigest};
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = lower_case(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string from_hex(std::string_view text) {
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ':' && high < 0) continue;
    const int value = hex_value(c);
    if (value < 0) return {};
    if (high >= 0) bytes += static_cast<char>(high << 4 | value);
    high = high < 0 ? value : -1;
  }
  return bytes.size() == kDigest && high < 0 ? bytes : std::string();
}

}  // namespace

std::string openssl_trouble() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  std::string text = reason ? reason : code ? "error " + std::to_string(ERR_GET_REASON(code)) : "";
  ERR_clear_error();
  return text;
}

Result<TlsIdentity> load_identity(const std::string& cert, const std::string& key) {
  auto text = text_of(cert, "tls.cert");
  if (!text) return tl::unexpected<Error>(std::move(text.error()));
  auto all = certificates_in(*text, cert, "tls.cert");
  if (!all) return tl::unexpected<Error>(std::move(all.error()));
  const bool own_file = !key.empty();
  if (own_file) text = text_of(key, "tls.key");
  if (!text) return tl::unexpected<Error>(std::move(text.error()));
  auto private_key = key_in(*text, own_file ? key : cert, own_file ? "tls.key" : "tls.cert");
  if (!private_key) return tl::unexpected<Error>(std::move(private_key.error()));
  TlsIdentity identity;
  identity.certificate = std::move(all->front());
  identity.key = std::move(*private_key);
  all->erase(all->begin());
  identity.chain = std::move(*all);
  if (X509_check_private_key(identity.certificate.get(), identity.key.get()) != 1) {
    ERR_clear_error();
    return bad(Code::kTls, own_file ? key : cert, own_file ? "tls.key" : "tls.cert",
               "the key does not belong to the certificate of " +
                   facts_of(identity.certificate.get()).subject);
  }
  return identity;
}

Result<std::vector<OwnedCertificate>> load_certificates(const std::string& source,
                                                        const char* option) {
  auto text = text_of(source, option);
  if (!text) return tl::unexpected<Error>(std::move(text.error()));
  return certificates_in(*text, source, option);
}

CertificateFacts facts_of(X509* certificate) {
  CertificateFacts facts;
  facts.subject = name_text(X509_get_subject_name(certificate));
  facts.issuer = name_text(X509_get_issuer_name(certificate));
  facts.fingerprint = hex(digest_of<const X509>(certificate, i2d_X509));
  facts.pin = pin_text(public_key_digest(certificate));
  facts.names = names_of(certificate);
  facts.not_before = seconds_of(X509_get0_notBefore(certificate));
  facts.not_after = seconds_of(X509_get0_notAfter(certificate));
  return facts;
}

std::string public_key_digest(X509* certificate) {
  return digest_of<const X509_PUBKEY>(X509_get_X509_PUBKEY(certificate), i2d_X509_PUBKEY);
}

std::string pin_bytes(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256//";
  if (text.starts_with(kPrefix)) return from_base64(text.substr(kPrefix.size()));
  std::string bytes = from_hex(text);
  return bytes.empty() ? from_base64(text) : bytes;
}

std::string pin_text(std::string_view digest) {
  unsigned char text[64];
  const auto* from = reinterpret_cast<const unsigned char*>(digest.data());
  const int size = EVP_EncodeBlock(text, from, static_cast<int>(digest.size()));
  return "sha256//" + std::string(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
}

std::string date_text(long long seconds) {
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

bool is_for(X509* certificate, const std::string& name) {
  const bool is_ip = Endpoint::from_ip(name, 0).has_value();
  return is_ip ? X509_check_ip_asc(certificate, name.c_str(), 0) == 1
               : X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1;
}

std::string pem_of(X509* certificate) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace moonwire
