// Drives a fuzz target where libFuzzer is not: the files of its corpus, given as a folder,
// and mutations of them, which are the same in each run.
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz/fuzz.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>
#define HAS_SANITIZER 1
#endif

namespace {

constexpr int kMutations = 3000;
constexpr std::size_t kLongest = 4096;

std::string input;  // of the run in progress

/// The process is about to die of it.
void show_input() {
  std::fprintf(stderr, "fuzz: the input, %zu bytes, in hexadecimal:\n", input.size());
  for (const char c : input) std::fprintf(stderr, "%02x", static_cast<unsigned char>(c));
  std::fputc('\n', stderr);
}

void on_fatal_signal(int) { show_input(); }  // SA_RESETHAND: the default action follows

void watch_failures() {
#ifdef HAS_SANITIZER
  __sanitizer_set_death_callback(show_input);
#endif
  struct sigaction action {};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGABRT, &action, nullptr);
#ifndef HAS_SANITIZER
  ::sigaction(SIGSEGV, &action, nullptr);
#endif
}

void run() {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> read_corpus(const char* folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

/// One change of `text`, as libFuzzer makes them; `other` is another file of the corpus.
void mutate(std::string& text, const std::string& other, std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
  const std::size_t at = below(text.size() + 1);
  const std::size_t count = below(std::min<std::size_t>(text.size() - at, 16) + 1);
  const std::size_t from = below(other.size() + 1);
  switch (random() % 5) {
    case 0: text.insert(at, 1, static_cast<char>(random())); break;
    case 1: text.erase(at, count); break;
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(random());
      break;
    case 3: text.insert(at, text.substr(below(text.size() + 1), 1 + below(16))); break;
    default: text.insert(at, other, from, 1 + below(64));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
    return 2;
  }
  watch_failures();
  const std::vector<std::string> corpus = read_corpus(argv[1]);
  for (const std::string& file : corpus) {
    input = file;
    run();
  }
  std::mt19937 random(1);
  for (int i = 0; i < kMutations; ++i) {
    const auto any = [&] { return corpus.empty() ? "" : corpus[random() % corpus.size()]; };
    std::string next = any();
    for (std::size_t changes = 1 + random() % 8; changes > 0; --changes) {
      mutate(next, any(), random);
    }
    input = next.substr(0, kLongest);
    run();
  }
  std::printf("%zu files, %d mutations\n", corpus.size(), kMutations);
  return 0;
}
