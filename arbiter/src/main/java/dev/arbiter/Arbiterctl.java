package dev.arbiter;

import dev.arbiter.cli.CtlCommand;
import dev.arbiter.cli.CtlInvocation;
import dev.arbiter.control.Errand;

/** {@code main} of {@code arbiterctl}. */
public final class Arbiterctl {
  private static final int USAGE = 2;

  private Arbiterctl() {}

  /** Ends the process with an exit code of docs/control.md. */
  public static void main(String[] args) {
    int exitCode = 0;
    switch (CtlCommand.read(args, System.getenv())) {
      case CtlInvocation.Print(String text) -> System.out.print(text);
      case CtlInvocation.Failure failure -> {
        System.err.println("arbiterctl: " + failure.message());
        System.err.println("hint: " + failure.hint());
        exitCode = USAGE;
      }
      case CtlInvocation.Ask ask ->
          exitCode =
              new Errand(
                      ask.sockets(), ask.name(), ask.json(), ask.timeout(), System.out, System.err)
                  .run(ask.command(), ask.number(), ask.awaits());
    }
    System.out.flush();
    Runtime.getRuntime().halt(exitCode);
  }
}
