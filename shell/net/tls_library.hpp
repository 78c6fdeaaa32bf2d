// OpenSSL, loaded when TLS is first used: linking it would double the time that the shell
// takes to start. Its functions are variables here, of the same names, which hide those of
// its headers in files that say `using namespace openssl`. Any thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/result.hpp"

/// Every function that we call, also by way of OpenSSL's macros.
// clang-format off
#define MOONWIRE_OPENSSL(X) \
  X(ASN1_STRING_get0_data) X(ASN1_STRING_length) X(ASN1_TIME_to_tm) X(BIO_clear_flags) \
  X(BIO_ctrl) X(BIO_free) X(BIO_get_data) X(BIO_get_new_index) X(BIO_meth_new) \
  X(BIO_meth_set_ctrl) X(BIO_meth_set_read) X(BIO_meth_set_write) X(BIO_new) \
  X(BIO_new_mem_buf) X(BIO_s_mem) X(BIO_set_data) X(BIO_set_flags) X(BIO_set_init) \
  X(BN_bin2bn) X(BN_free) X(BN_to_ASN1_INTEGER) X(CRYPTO_free) X(ERR_clear_error) \
  X(ERR_peek_last_error) X(ERR_reason_error_string) X(EVP_DecodeBlock) X(EVP_Digest) \
  X(EVP_EncodeBlock) X(EVP_PKEY_free) X(EVP_PKEY_Q_keygen) X(EVP_PKEY_up_ref) X(EVP_sha256) \
  X(GENERAL_NAMES_free) X(i2d_X509) X(i2d_X509_PUBKEY) X(OPENSSL_sk_free) \
  X(OPENSSL_sk_new_null) X(OPENSSL_sk_num) X(OPENSSL_sk_push) X(OPENSSL_sk_value) \
  X(PEM_read_bio_PrivateKey) X(PEM_read_bio_X509) X(PEM_write_bio_X509) X(RAND_bytes) \
  X(SSL_alert_desc_string_long) X(SSL_certs_clear) X(SSL_CIPHER_get_name) X(SSL_ctrl) \
  X(SSL_CTX_add_client_CA) X(SSL_CTX_callback_ctrl) X(SSL_CTX_ctrl) X(SSL_CTX_free) \
  X(SSL_CTX_get_cert_store) X(SSL_CTX_get_ex_data) X(SSL_CTX_new) X(SSL_CTX_sess_set_new_cb) \
  X(SSL_CTX_set1_cert_store) X(SSL_CTX_set_alpn_protos) X(SSL_CTX_set_alpn_select_cb) \
  X(SSL_CTX_set_cert_cb) X(SSL_CTX_set_cert_verify_callback) X(SSL_CTX_set_cipher_list) \
  X(SSL_CTX_set_ciphersuites) X(SSL_CTX_set_ex_data) X(SSL_CTX_set_keylog_callback) \
  X(SSL_CTX_set_options) X(SSL_CTX_set_session_id_context) X(SSL_CTX_set_verify) \
  X(SSL_CTX_use_cert_and_key) X(SSL_do_handshake) X(SSL_free) X(SSL_get0_alpn_selected) \
  X(SSL_get0_param) X(SSL_get0_peer_certificate) X(SSL_get_current_cipher) X(SSL_get_error) \
  X(SSL_get_ex_data) X(SSL_get_ex_data_X509_STORE_CTX_idx) X(SSL_get_servername) \
  X(SSL_get_SSL_CTX) X(SSL_get_version) X(SSL_new) X(SSL_pending) X(SSL_read) \
  X(SSL_select_next_proto) X(SSL_SESSION_free) X(SSL_SESSION_get_protocol_version) \
  X(SSL_session_reused) X(SSL_SESSION_up_ref) X(SSL_set1_host) X(SSL_set_accept_state) \
  X(SSL_set_bio) X(SSL_set_connect_state) X(SSL_set_ex_data) X(SSL_set_hostflags) \
  X(SSL_set_session) X(SSL_set_shutdown) X(SSL_shutdown) X(SSL_use_cert_and_key) X(SSL_write) \
  X(TLS_client_method) X(TLS_server_method) X(X509_add_ext) X(X509_check_host) \
  X(X509_check_ip_asc) X(X509_check_private_key) X(X509_EXTENSION_free) X(X509_free) \
  X(X509_get0_notAfter) X(X509_get0_notBefore) X(X509_get_default_cert_dir) \
  X(X509_get_default_cert_dir_env) X(X509_get_default_cert_file_env) X(X509_get_ext_d2i) \
  X(X509_get_issuer_name) X(X509_get_serialNumber) X(X509_get_subject_name) \
  X(X509_get_X509_PUBKEY) X(X509_getm_notAfter) X(X509_getm_notBefore) X(X509_gmtime_adj) \
  X(X509_LOOKUP_ctrl) X(X509_LOOKUP_hash_dir) X(X509_NAME_add_entry_by_txt) \
  X(X509_NAME_get_text_by_NID) X(X509_NAME_print_ex) X(X509_new) X(X509_set_issuer_name) \
  X(X509_set_pubkey) X(X509_set_version) X(X509_sign) X(X509_STORE_add_cert) \
  X(X509_STORE_add_lookup) X(X509_STORE_CTX_get0_cert) X(X509_STORE_CTX_get_current_cert) \
  X(X509_STORE_CTX_get_error) X(X509_STORE_CTX_get_error_depth) X(X509_STORE_CTX_get_ex_data) \
  X(X509_STORE_CTX_set_error) X(X509_STORE_CTX_set_ex_data) X(X509_STORE_CTX_set_verify_cb) \
  X(X509_STORE_free) X(X509_STORE_new) X(X509_STORE_set_default_paths) \
  X(X509_STORE_set_flags) X(X509_up_ref) X(X509_verify_cert) X(X509_verify_cert_error_string) \
  X(X509_VERIFY_PARAM_set1_ip_asc) X(X509V3_EXT_conf_nid) X(X509V3_set_ctx)
// clang-format on

namespace moonwire {

/// Before anything else of OpenSSL, once or more. Fails with kTls if the library is not there,
/// or is too old.
Status load_openssl();

namespace openssl {

#define MOONWIRE_DECLARE(name) extern decltype(&::name) name;
MOONWIRE_OPENSSL(MOONWIRE_DECLARE)
#undef MOONWIRE_DECLARE

}  // namespace openssl
}  // namespace moonwire
