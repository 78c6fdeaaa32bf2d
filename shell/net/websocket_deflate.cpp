#include "net/websocket_deflate.hpp"

#include <zlib.h>

#include <algorithm>

namespace moonwire {
namespace {

/// What a flush ends with: it is taken off each message, and put back.
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
/// Room given to zlib at a time.
constexpr std::size_t kStep = 4096;
/// zlib cannot compress with a window of 8 bits, and older ones sent one of 9 instead.
constexpr int kLeastBits = 9;

Bytef* input(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

/// zlib's own memory, by the bits of the window: 37 KiB for 12, 262 KiB for 15.
int memory_level(int bits) { return std::clamp(bits - 7, 4, 8); }

}  // namespace

// --- messages ------------------------------------------------------------------------------

struct Deflater::State : z_stream {};

void Deflater::Delete::operator()(State* state) const {
  ::deflateEnd(state);
  delete state;
}

bool Deflater::compress(std::string_view message, Buffer& to) {
  if (!state_) {
    auto made = std::make_unique<State>();
    const int ready = ::deflateInit2(made.get(), level_, Z_DEFLATED, -bits_, memory_level(bits_),
                                     Z_DEFAULT_STRATEGY);
    if (ready != Z_OK) return false;
    state_.reset(made.release());
  }
  State& z = *state_;
  z.next_in = input(message);
  z.avail_in = static_cast<uInt>(message.size());
  do {
    char* const room = to.reserve(kStep);
    z.next_out = reinterpret_cast<Bytef*>(room);
    z.avail_out = kStep;
    ::deflate(&z, Z_SYNC_FLUSH);
    to.commit(kStep - z.avail_out);
  } while (z.avail_out == 0);
  to.drop_back(kTail.size());
  if (!takeover_) ::deflateReset(&z);
  return true;
}

struct Inflater::State : z_stream {};

void Inflater::Delete::operator()(State* state) const {
  ::inflateEnd(state);
  delete state;
}

Inflater::Outcome Inflater::inflate(std::string_view piece, bool last, Buffer& to,
                                    std::uint64_t most) {
  if (!state_) {
    auto made = std::make_unique<State>();
    if (::inflateInit2(made.get(), -std::max(bits_, kLeastBits)) != Z_OK) {
      return Outcome::kNoMemory;
    }
    state_.reset(made.release());
  }
  Outcome outcome = feed(piece, to, most);
  if (outcome == Outcome::kGood && last) {
    between_blocks_ = false;
    outcome = feed(kTail, to, most);
    if (outcome == Outcome::kGood && !between_blocks_) outcome = Outcome::kMalformed;  // cut off
  }
  if (outcome == Outcome::kGood && last && !takeover_) ::inflateReset(state_.get());
  return outcome;
}

Inflater::Outcome Inflater::feed(std::string_view bytes, Buffer& to, std::uint64_t most) {
  State& z = *state_;
  z.next_in = input(bytes);
  z.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    // One byte more than there may be: so that it shows.
    const std::uint64_t left = most - to.size() + 1;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, kStep));
    z.next_out = reinterpret_cast<Bytef*>(to.reserve(size));
    z.avail_out = static_cast<uInt>(size);
    const int result = ::inflate(&z, Z_SYNC_FLUSH);
    to.commit(size - z.avail_out);
    if (result == Z_MEM_ERROR) return Outcome::kNoMemory;
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) {
      return Outcome::kMalformed;
    }
    if (to.size() > most) return Outcome::kTooLong;
    constexpr int kBetweenBlocks = 128;
    if (z.data_type & kBetweenBlocks) between_blocks_ = true;
    // A final block ends a message that goes on behind it (RFC 7692, 7.2.3.4).
    if (result == Z_STREAM_END) ::inflateReset(&z);
    if (z.avail_in == 0 && z.avail_out > 0) return Outcome::kGood;
    if (result == Z_BUF_ERROR && z.avail_out > 0) return Outcome::kMalformed;
  }
}

// --- the agreement -------------------------------------------------------------------------

namespace {

bool is_token(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

/// Walks a header of the kind `name; parameter=value, name`.
class ExtensionReader {
 public:
  explicit ExtensionReader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Empty if there is none.
  std::string_view token() {
    blanks();
    std::size_t size = 0;
    while (size < rest_.size() && is_token(rest_[size])) ++size;
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  /// A token, or one in quotes.
  std::string_view value() {
    const bool quoted = take('"');
    const std::string_view found = token();
    if (quoted && (rest_.empty() || rest_.front() != '"')) return {};
    if (quoted) rest_.remove_prefix(1);
    return found;
  }
  bool at_end() {
    blanks();
    return rest_.empty();
  }

 private:
  void blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

constexpr std::string_view kName = "permessage-deflate";

/// One extension of a header, as far as it is ours.
struct Offer {
  bool ours = false;
  const char* problem = nullptr;  // of its parameters
  bool server_no_context = false, client_no_context = false;
  std::optional<int> server_bits, client_bits;
  bool client_bits_bare = false;  // named without a value, as only an offer may
};

std::optional<int> window_bits(std::string_view value) {
  if (value.size() == 1 && (value[0] == '8' || value[0] == '9')) return value[0] - '0';
  if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') {
    return 10 + value[1] - '0';
  }
  return std::nullopt;
}

void note_bits(std::optional<int>& into, std::string_view value, Offer& offer) {
  if (into) offer.problem = "a parameter twice";
  into = window_bits(value);
  if (!into) offer.problem = "window bits that are not 8 to 15";
}

void note_flag(bool& into, std::string_view value, Offer& offer) {
  if (into) offer.problem = "a parameter twice";
  if (!value.empty()) offer.problem = "a value for a parameter that has none";
  into = true;
}

void note_parameter(std::string_view name, std::string_view value, Offer& offer) {
  if (name == "server_no_context_takeover") return note_flag(offer.server_no_context, value, offer);
  if (name == "client_no_context_takeover") return note_flag(offer.client_no_context, value, offer);
  if (name == "server_max_window_bits") return note_bits(offer.server_bits, value, offer);
  if (name != "client_max_window_bits") {
    offer.problem = "an unknown parameter";
  } else if (!value.empty()) {
    note_bits(offer.client_bits, value, offer);
  } else {
    if (offer.client_bits_bare) offer.problem = "a parameter twice";
    offer.client_bits_bare = true;
  }
}

/// The next extension; nothing if the header is malformed.
std::optional<Offer> next_offer(ExtensionReader& reader) {
  Offer offer;
  const std::string_view name = reader.token();
  if (name.empty()) return std::nullopt;
  offer.ours = name == kName;
  while (reader.take(';')) {
    const std::string_view parameter = reader.token();
    if (parameter.empty()) return std::nullopt;
    std::string_view value;
    if (reader.take('=')) {
      value = reader.value();
      if (value.empty()) return std::nullopt;
    }
    if (offer.ours) note_parameter(parameter, value, offer);
  }
  return offer;
}

tl::unexpected<Error> broken(std::string cause) {
  return failure(Code::kProto, "", {}, "Sec-WebSocket-Extensions: " + std::move(cause));
}

/// What we answer to one offer; nothing if we cannot keep it.
std::optional<DeflateAnswer> keep(const Offer& offer, const DeflateParameters& wanted) {
  if (!offer.ours || offer.problem) return std::nullopt;
  DeflateAnswer answer;
  DeflateParameters& agreed = answer.agreed;
  agreed.server_no_context_takeover = offer.server_no_context || wanted.server_no_context_takeover;
  agreed.client_no_context_takeover = offer.client_no_context || wanted.client_no_context_takeover;
  agreed.server_max_window_bits =
      std::min(offer.server_bits.value_or(15), wanted.server_max_window_bits);
  if (agreed.server_max_window_bits < kLeastBits) return std::nullopt;
  const bool may_limit = offer.client_bits || offer.client_bits_bare;
  if (may_limit) {
    agreed.client_max_window_bits =
        std::min(offer.client_bits.value_or(15), wanted.client_max_window_bits);
  }
  answer.value = kName;
  if (agreed.server_no_context_takeover) answer.value += "; server_no_context_takeover";
  if (agreed.client_no_context_takeover) answer.value += "; client_no_context_takeover";
  if (agreed.server_max_window_bits < 15 || offer.server_bits) {
    answer.value += "; server_max_window_bits=" + std::to_string(agreed.server_max_window_bits);
  }
  if (agreed.client_max_window_bits < 15) {
    answer.value += "; client_max_window_bits=" + std::to_string(agreed.client_max_window_bits);
  }
  return answer;
}

}  // namespace

std::string deflate_offer(const DeflateParameters& wanted) {
  std::string value(kName);
  if (wanted.server_no_context_takeover) value += "; server_no_context_takeover";
  if (wanted.client_no_context_takeover) value += "; client_no_context_takeover";
  if (wanted.server_max_window_bits < 15) {
    value += "; server_max_window_bits=" + std::to_string(wanted.server_max_window_bits);
  }
  value += "; client_max_window_bits";
  if (wanted.client_max_window_bits < 15) {
    value += "=" + std::to_string(wanted.client_max_window_bits);
  }
  return value;
}

Result<std::optional<DeflateAnswer>> answer_deflate(std::string_view header,
                                                    const DeflateParameters& wanted) {
  ExtensionReader reader(header);
  std::optional<DeflateAnswer> answer;
  do {
    const auto offer = next_offer(reader);
    if (!offer) return broken("malformed");
    if (!answer) answer = keep(*offer, wanted);
  } while (reader.take(','));
  if (!reader.at_end()) return broken("malformed");
  return answer;
}

Result<DeflateParameters> check_deflate(std::string_view header, const DeflateParameters& offered) {
  ExtensionReader reader(header);
  const auto answer = next_offer(reader);
  if (!answer || !reader.at_end()) return broken("malformed, or more than was offered");
  if (!answer->ours) return broken("one that was not offered");
  if (answer->problem) return broken(answer->problem);
  if (answer->client_bits_bare) return broken("client_max_window_bits without a value");
  DeflateParameters agreed;
  agreed.server_no_context_takeover = answer->server_no_context;
  agreed.client_no_context_takeover =
      answer->client_no_context || offered.client_no_context_takeover;
  agreed.server_max_window_bits = answer->server_bits.value_or(15);
  // What was offered is what we can keep, whether the answer repeats it or not.
  agreed.client_max_window_bits =
      std::min(answer->client_bits.value_or(15), offered.client_max_window_bits);
  if (offered.server_no_context_takeover && !agreed.server_no_context_takeover) {
    return broken("server_no_context_takeover was asked for, and is not granted");
  }
  if (agreed.server_max_window_bits > offered.server_max_window_bits) {
    return broken("a larger server_max_window_bits than was asked for");
  }
  return agreed;
}

}  // namespace moonwire
