package dev.arbiter.process;

import dev.arbiter.settings.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A machine divided among the JVMs of a fleet: memory by workers, spares, replacements that boot
 * beside those they replace, and the arbiter; cores by workers. A JVM left alone takes a quarter of
 * the memory for its heap, has no limit to most of the rest, and starts threads of each kind for
 * each core, N times over.
 *
 * <p>Design note. What counts is memory the kernel cannot take back, so the sum is made of limits
 * that HotSpot keeps (heap, metaspace, direct buffers, code cache) and of two measured figures:
 * what a JVM takes before any of these (the writable part of its class archive, malloc, its own
 * tables), and what a thread really touches of its stack. Its code and the rest of the archive are
 * files, shared by all, and are not counted. docs/memory.md shows the arithmetic.
 *
 * @param demand what was divided
 * @param share bytes for each worker
 * @param heap the most its heap may grow to; the others likewise
 * @param stacks what the stacks of its threads are expected to take
 * @param itself what the JVM takes beside all that
 * @param collector HotSpot's name for it, such as {@code UseSerialGC}
 * @param processors what each worker may believe the machine has
 */
public record Budget(
    Demand demand,
    long share,
    long heap,
    long metaspace,
    long direct,
    long codeCache,
    long stacks,
    long itself,
    String collector,
    int processors) {

  /**
   * What there is, and who is to live on it.
   *
   * @param memory bytes for the whole fleet; 0 for what the machine has
   * @param workers slots
   * @param spares workers that are ready and hold no slot
   * @param surge workers beyond both during a change
   * @param threads requests that a worker handles at once; 0 if its kind decides
   * @param heap bytes of each worker's heap; 0 if it is to be divided
   * @param options the JVM options of the kind, then the user's; what they set is not divided
   */
  public record Demand(
      Machine machine,
      long memory,
      int workers,
      int spares,
      int surge,
      int threads,
      long heap,
      List<String> options) {
    public Demand {
      options = List.copyOf(options);
    }

    int jvms() {
      return workers + spares + surge;
    }

    long total() {
      return memory > 0 ? memory : machine.memory();
    }

    /**
     * Left to others. Of a machine, a tenth for the kernel and whoever looks after it; of a cgroup,
     * page tables and socket buffers; of what was asked for, nothing.
     */
    long kept() {
      if (memory > 0) {
        return 0;
      }
      return machine.limited() ? machine.memory() / 64 : machine.memory() / 10;
    }
  }

  private static final long MEGABYTE = 1 << 20;

  /** Measured at 63M, with the 16M its heap begins with. */
  private static final long ARBITER = 80 * MEGABYTE;

  /** Measured at 36M after a minute's load, under both kinds of worker. */
  private static final long JVM = 36 * MEGABYTE;

  /** Threads of a worker that handles no request: the JVM's own and the runtime's. */
  private static final int USUAL_THREADS = 24;

  /** What a thread touches of its stack, however large that may be. */
  private static final long TOUCHED = MEGABYTE / 8;

  /** The size of a stack that is not set: {@code -Xss}. */
  static final long STACK = MEGABYTE / 2;

  /** Below this a heap is spent on what the worker itself keeps. */
  private static final long SMALLEST_HEAP = 16 * MEGABYTE;

  /** From here on HotSpot takes a machine for a server, and G1 is worth its threads and tables. */
  private static final long SERVER = 1792 * MEGABYTE;

  private static final Part METASPACE =
      new Part("MaxMetaspaceSize", 22, 16 * MEGABYTE, 256 * MEGABYTE);
  private static final Part CODE_CACHE =
      new Part("ReservedCodeCacheSize", 8, 8 * MEGABYTE, 128 * MEGABYTE);
  private static final Part DIRECT =
      new Part("MaxDirectMemorySize", 10, 4 * MEGABYTE, 256 * MEGABYTE);
  private static final int HEAP_WEIGHT = 60;

  /** A part of a worker's share: its weight beside the others, its least and its most. */
  private record Part(String option, int weight, long least, long most) {}

  private static final List<Part> PARTS = List.of(METASPACE, CODE_CACHE, DIRECT);

  /** What is left of a share while its parts are taken from it. */
  private static final class Rest {
    private final JvmOptions given;
    private long bytes;
    private int weights;

    Rest(long bytes, int heapWeight, JvmOptions given) {
      this.given = given;
      this.bytes = bytes;
      this.weights = heapWeight;
      for (Part part : PARTS) {
        OptionalLong fixed = given.size(part.option());
        this.bytes -= fixed.orElse(0);
        this.weights += fixed.isPresent() ? 0 : part.weight();
      }
    }

    long take(Part part) {
      OptionalLong fixed = given.size(part.option());
      if (fixed.isPresent()) {
        return fixed.getAsLong();
      }
      long fair = bytes * part.weight() / weights;
      long size = whole(Math.clamp(fair, part.least(), part.most()));
      bytes -= size;
      weights -= part.weight();
      return size;
    }
  }

  /** Divides. Whether it fits is {@link #refusal}. */
  public static Budget divide(Demand demand) {
    JvmOptions given = JvmOptions.parse(demand.options());
    long share = (demand.total() - demand.kept() - ARBITER) / demand.jvms();
    int processors =
        (int)
            Math.max(
                1,
                given
                    .size("ActiveProcessorCount")
                    .orElse(demand.machine().cores() / demand.workers()));
    String collector =
        given.collector().orElse(processors > 2 && share >= SERVER ? "UseG1GC" : "UseSerialGC");
    int tables = tables(collector);
    long stack = Math.max(TOUCHED, given.size("ThreadStackSize").orElse(STACK));
    long threads = USUAL_THREADS + (long) Math.max(demand.threads(), processors);
    long stacks = threads * Math.min(stack, Math.max(TOUCHED, stack / 4));

    OptionalLong asked = askedHeap(demand, given);
    long spent = JVM + stacks + asked.orElse(0) / 100 * (100 + tables);
    Rest rest = new Rest(share - spent, asked.isPresent() ? 0 : HEAP_WEIGHT, given);
    long metaspace = rest.take(METASPACE);
    long codeCache = rest.take(CODE_CACHE);
    long direct = rest.take(DIRECT);
    long heap =
        asked.orElseGet(
            () ->
                Math.max(
                    leastHeap(given),
                    Math.min(whole(rest.bytes / (100 + tables) * 100), mostHeap(demand))));
    return new Budget(
        demand,
        share,
        heap,
        metaspace,
        direct,
        codeCache,
        stacks,
        JVM + heap / 100 * tables,
        collector,
        processors);
  }

  /** The heap that somebody has decided on, as HotSpot would take it. */
  private static OptionalLong askedHeap(Demand demand, JvmOptions given) {
    if (given.has("MaxHeapSize")) {
      return given.size("MaxHeapSize");
    }
    if (given.percent("MaxRAMPercentage").isPresent()) {
      // Of what the JVM finds, which is not what --memory says.
      long seen = Math.min(demand.machine().memory(), given.size("MaxRAM").orElse(Long.MAX_VALUE));
      return OptionalLong.of(
          (long) (seen / 100.0 * given.percent("MaxRAMPercentage").getAsDouble()));
    }
    return demand.heap() > 0 ? OptionalLong.of(demand.heap()) : OptionalLong.empty();
  }

  /** HotSpot refuses a heap that begins larger than it may become. */
  private static long leastHeap(JvmOptions given) {
    return Math.max(SMALLEST_HEAP, given.size("InitialHeapSize").orElse(0));
  }

  /** No more than a JVM left alone would take, unless the fleet was given its memory. */
  private static long mostHeap(Demand demand) {
    return demand.memory() > 0
        ? Long.MAX_VALUE
        : Math.max(SMALLEST_HEAP, demand.machine().memory() / 4);
  }

  /** What a collector keeps beside the heap, in percent of it. */
  private static int tables(String collector) {
    return switch (collector) {
      case "UseSerialGC", "UseParallelGC", "UseEpsilonGC" -> 2;
      default -> 10; // regions, remembered sets, forwarding tables
    };
  }

  private static long whole(long bytes) {
    return bytes / MEGABYTE * MEGABYTE;
  }

  /** What a worker may take at most. */
  public long needed() {
    return heap + metaspace + direct + codeCache + stacks + itself;
  }

  /** How many workers of this size the memory has room for, beside spares and surge. */
  public int most() {
    long places = (demand.total() - demand.kept() - ARBITER) / needed();
    return (int)
        Math.max(0, Math.min(places, Integer.MAX_VALUE) - demand.spares() - demand.surge());
  }

  /** {@link #most} with the arithmetic: {@code at most 4 do: ...}. */
  public String room() {
    return "at most %d do: %s of up to %s (%s), %s of %s (%s)"
        .formatted(
            most(),
            fleet(most()),
            human(needed()),
            parts(),
            sum(most()),
            human(demand.total()),
            origin());
  }

  /** Whether somebody has set a limit to the memory, that is more than the machine's own. */
  public boolean isLimited() {
    return demand.memory() > 0 || demand.machine().limited();
  }

  /** Why it does not fit, with the arithmetic; empty if it does. */
  public Optional<String> refusal() {
    if (needed() <= share) {
      return Optional.empty();
    }
    return Optional.of(
        "%s not fit into %s (%s): %s of %s at least (%s), %s"
            .formatted(
                demand.workers() == 1 ? "1 worker does" : demand.workers() + " workers do",
                human(demand.total()),
                origin(),
                fleet(demand.workers()),
                human(needed()),
                parts(),
                sum(demand.workers())));
  }

  /** What so many workers take with all that stands beside them. */
  private String sum(int workers) {
    long jvms = (long) workers + demand.spares() + demand.surge();
    return "the arbiter's %s%s make %s"
        .formatted(
            human(ARBITER),
            demand.kept() == 0 ? "" : " and " + human(demand.kept()) + " left to the system",
            human(demand.kept() + ARBITER + jvms * needed()));
  }

  /** What to do about a {@link #refusal}. */
  public String hint() {
    int room = most();
    String fewer = room >= 1 && room < demand.workers() ? "-w " + room + " fits; " : "";
    return fewer
        + "fewer workers or spares, a smaller --worker-heap or limit in --java-opts, or another"
        + " figure for --memory; docs/memory.md explains the sum";
  }

  /** The division in one line, for the log. */
  public String line() {
    return "Memory: %s of %s (%s) for each of %s: %s; %d of %d processors each, %s"
        .formatted(
            human(share),
            human(demand.total()),
            origin(),
            fleet(demand.workers()),
            parts(),
            processors,
            demand.machine().cores(),
            collector);
  }

  /** Whether there is so little that the operator should know. */
  public boolean isTight() {
    return heap < 2 * SMALLEST_HEAP
        && askedHeap(demand, JvmOptions.parse(demand.options())).isEmpty();
  }

  private String origin() {
    if (demand.memory() > 0) {
      return "--memory";
    }
    return demand.machine().limited() ? "the cgroup's limit" : "the machine's";
  }

  private String fleet(int workers) {
    List<String> words = new ArrayList<>();
    words.add(workers == 1 ? "1 worker" : workers + " workers");
    if (demand.spares() > 0) {
      words.add(demand.spares() == 1 ? "1 spare" : demand.spares() + " spares");
    }
    if (demand.surge() > 0) {
      words.add(demand.surge() + " more at a change");
    }
    return String.join(" and ", words);
  }

  private String parts() {
    return "heap %s, metaspace %s, code cache %s, direct %s, stacks %s, the JVM itself %s"
        .formatted(
            human(heap),
            human(metaspace),
            human(codeCache),
            human(direct),
            human(stacks),
            human(itself));
  }

  private static String human(long bytes) {
    if (bytes >= 10L << 30) {
      return (bytes >> 30) + "G";
    }
    return (bytes + MEGABYTE / 2) / MEGABYTE + "M";
  }

  /** The options that hold a worker's JVM to its share, but those that are given already. */
  List<String> options() {
    JvmOptions given = JvmOptions.parse(demand.options());
    List<String> options = new ArrayList<>();
    if (given.collector().isEmpty()) { // two of them are an error to HotSpot
      options.add("-XX:+" + collector);
    }
    if (!given.has("MaxHeapSize") && !given.has("MaxRAMPercentage")) {
      options.add("-Xmx" + (heap >> 10) + "k");
    }
    add(options, given, "MaxMetaspaceSize", (metaspace >> 10) + "k");
    add(options, given, "MaxDirectMemorySize", (direct >> 10) + "k");
    add(options, given, "ReservedCodeCacheSize", (codeCache >> 10) + "k");
    if (!given.has("ThreadStackSize")) {
      options.add("-Xss" + (STACK >> 10) + "k");
    }
    add(options, given, "ActiveProcessorCount", Integer.toString(processors));
    // Which threads of these there are, the JVM would decide by the processors it is shown; the
    // figures stand here so that they can be read in /proc, and hold if it is shown others.
    if (!given.has("TieredStopAtLevel") && !given.has("TieredCompilation") && !given.has("Xint")) {
      add(options, given, "CICompilerCount", Integer.toString(compilers(processors)));
    }
    if (!collector.equals("UseSerialGC") && !collector.equals("UseEpsilonGC")) {
      add(options, given, "ParallelGCThreads", Integer.toString(processors));
    }
    if (!List.of("UseSerialGC", "UseEpsilonGC", "UseParallelGC").contains(collector)) {
      add(options, given, "ConcGCThreads", Integer.toString(Math.max(1, processors / 4)));
    }
    return List.copyOf(options);
  }

  private static void add(List<String> options, JvmOptions given, String name, String value) {
    if (!given.has(name)) {
      options.add("-XX:" + name + "=" + value);
    }
  }

  /** As HotSpot has it (compilationPolicy.cpp), which grows slower than the processors. */
  private static int compilers(int processors) {
    int log = 31 - Integer.numberOfLeadingZeros(processors);
    int logLog = log < 1 ? 0 : 31 - Integer.numberOfLeadingZeros(log);
    return Math.max(2, log * logLog * 3 / 2);
  }
}
