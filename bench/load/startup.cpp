// startup TIMES COMMAND [ARGUMENT...]
//
// Runs the command that often, one after another, and prints the median and the least wall
// time, the median CPU time and the largest resident size.
#include <spawn.h>
#include <sys/wait.h>

#include "load.hpp"

int main(int argc, char** argv) {
  const int times = argc > 2 ? std::atoi(argv[1]) : 0;
  if (times < 1) {
    std::fprintf(stderr, "usage: startup TIMES COMMAND [ARGUMENT...]\n");
    return 2;
  }
  load::Samples wall, cpu;
  long resident = 0;
  int errors = 0;
  for (int i = 0; i < times; ++i) {
    pid_t child = 0;
    const std::int64_t began = load::now();
    if ((errno = posix_spawnp(&child, argv[2], nullptr, nullptr, argv + 2, environ)) != 0)
      load::fail(argv[2]);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    wall.add(load::now() - began);
    const auto nanoseconds = [](timeval t) {
      return std::int64_t{t.tv_sec} * 1'000'000'000 + std::int64_t{t.tv_usec} * 1000;
    };
    cpu.add(nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime));
    resident = std::max(resident, usage.ru_maxrss);
    if (status != 0) ++errors;
  }
  std::printf("wall_ms=%.3f least_ms=%.3f cpu_ms=%.3f rss_kb=%ld errors=%d\n",
              wall.microseconds(0.5) / 1e3, wall.microseconds(0) / 1e3, cpu.microseconds(0.5) / 1e3,
              resident, errors);
  return 0;
}
