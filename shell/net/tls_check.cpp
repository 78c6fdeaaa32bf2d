#include "net/tls_check.hpp"

#include <algorithm>
#include <ctime>

#include "net/text.hpp"

namespace moonwire {

using namespace openssl;

namespace {

/// One rule that a certificate of the chain breaks.
struct Fault {
  int code;
  int depth;  // 0: the peer's own
  X509* certificate;
};

/// Where collect() notes what it is told: the place that OpenSSL keeps for its callers.
std::vector<Fault>& faults_of(X509_STORE_CTX* store) {
  return *static_cast<std::vector<Fault>*>(X509_STORE_CTX_get_app_data(store));
}

/// Goes on after a fault, so that all are known.
int collect(int ok, X509_STORE_CTX* store) {
  if (ok) return 1;
  faults_of(store).push_back({X509_STORE_CTX_get_error(store),
                              X509_STORE_CTX_get_error_depth(store),
                              X509_STORE_CTX_get_current_cert(store)});
  return 1;
}

bool is_about_issuer(int code) {
  switch (code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED: return true;
    default: return false;
  }
}

std::string age_text(long long seconds) {
  const long long days = seconds / 86400;
  if (days >= 2) return std::to_string(days) + " days";
  const long long hours = seconds / 3600;
  return hours >= 2 ? std::to_string(hours) + " hours" : std::to_string(seconds) + " s";
}

std::string time_fault(const Fault& fault, const std::string& whose) {
  const CertificateFacts facts = facts_of(fault.certificate);
  const long long now = std::time(nullptr);
  if (fault.code == X509_V_ERR_CERT_HAS_EXPIRED) {
    return whose + " has expired, at " + date_text(facts.not_after) + ", " +
           age_text(now - facts.not_after) + " ago";
  }
  return whose + " is not valid before " + date_text(facts.not_before) + ", in " +
         age_text(facts.not_before - now) + "; it is " + date_text(now) + " here";
}

std::string issuer_fault(const Fault& fault, const CertificateFacts& leaf) {
  if (fault.code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
    return "the certificate of " + leaf.subject + " is signed by itself, and by nobody known";
  }
  if (fault.code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN && fault.certificate) {
    return "the certificate of " + leaf.subject + " is signed by " +
           facts_of(fault.certificate).subject + ", who is not known";
  }
  const std::string issuer = fault.certificate ? facts_of(fault.certificate).issuer : leaf.issuer;
  return "the certificate of " + leaf.subject + " is signed by " + issuer + ", who is not known";
}

std::string fault_text(const Fault& fault, const CertificateFacts& leaf, const std::string& name) {
  std::string whose = "the certificate";
  if (fault.depth > 0 && fault.certificate) {
    whose = "the signer's certificate (" + facts_of(fault.certificate).subject + ")";
  }
  if (is_about_issuer(fault.code)) return issuer_fault(fault, leaf);
  switch (fault.code) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate is for " + (leaf.names.empty() ? leaf.subject : leaf.names) +
             ", not for " + quoted(name);
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return time_fault(fault, whose);
    default:
      return whose + " is not good: " + X509_verify_cert_error_string(fault.code) + " (" +
             leaf.subject + ")";
  }
}

/// What may be done about it.
std::string ways_out(const std::vector<Fault>& faults, const CertificateFacts& leaf,
                     const TlsContext& context) {
  if (context.role() == TlsRole::kServer) return "tls.ca names who may sign clients' certificates";
  std::string ways;
  for (const Fault& fault : faults) {
    const bool about_name =
        fault.code == X509_V_ERR_HOSTNAME_MISMATCH || fault.code == X509_V_ERR_IP_ADDRESS_MISMATCH;
    if (about_name) ways += "tls.server_name sets the name to check; ";
    if (is_about_issuer(fault.code)) ways += "tls.ca=FILE names a signer to trust; ";
  }
  return ways + "tls.pin=\"" + leaf.pin + "\" accepts this key; tls.insecure=true skips all checks";
}

/// Each rule once: of those about the issuer the first says it all.
void keep_distinct(std::vector<Fault>& faults) {
  std::vector<Fault> kept;
  for (const Fault& fault : faults) {
    const bool known = std::any_of(kept.begin(), kept.end(), [&](const Fault& other) {
      return other.code == fault.code ||
             (is_about_issuer(other.code) && is_about_issuer(fault.code));
    });
    if (!known) kept.push_back(fault);
  }
  faults = std::move(kept);
}

bool is_pinned(X509* certificate, const TlsContext& context) {
  const auto& pins = context.pins();
  return std::find(pins.begin(), pins.end(), public_key_digest(certificate)) != pins.end();
}

}  // namespace

bool check_peer(X509_STORE_CTX* store, const TlsContext& context, const std::string& name,
                std::string& refusal) {
  X509* const leaf = X509_STORE_CTX_get0_cert(store);
  X509_STORE_CTX_set_error(store, X509_V_OK);
  if (!context.pins().empty() && !is_pinned(leaf, context)) {
    const CertificateFacts facts = facts_of(leaf);
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    refusal = "the certificate of " + facts.subject + " has the public key " + facts.pin +
              ", which is not in tls.pin";
    return false;
  }
  if (!context.verifies() || context.only_pins()) return true;
  std::vector<Fault> faults;
  X509_STORE_CTX_set_app_data(store, &faults);
  X509_STORE_CTX_set_verify_cb(store, collect);
  const bool went_through = X509_verify_cert(store) == 1;
  X509_STORE_CTX_set_app_data(store, nullptr);
  ERR_clear_error();
  if (went_through && faults.empty()) return true;
  if (faults.empty()) faults.push_back({X509_STORE_CTX_get_error(store), 0, leaf});
  keep_distinct(faults);
  const CertificateFacts facts = facts_of(leaf);
  for (const Fault& fault : faults) {
    refusal += (refusal.empty() ? "" : "; and ") + fault_text(fault, facts, name);
  }
  refusal += " (" + ways_out(faults, facts, context) + ")";
  X509_STORE_CTX_set_error(store, faults.front().code);
  return false;
}

}  // namespace moonwire
