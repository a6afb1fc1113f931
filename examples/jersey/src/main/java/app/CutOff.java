package app;

import jakarta.annotation.Priority;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;

/**
 * Tells the {@link Writer} of a body that failed in the middle. Jersey logs that, and then ends the
 * response as if it were whole, so that a client would take a part for all of it.
 */
@Priority(Integer.MIN_VALUE) // around all others
public final class CutOff implements WriterInterceptor {
  static final String WRITER = "dev.arbiter.writer";

  @Override
  @SuppressWarnings("CatchingUnchecked") // to be thrown again
  public void aroundWriteTo(WriterInterceptorContext context) throws IOException {
    try {
      context.proceed();
    } catch (Throwable thrown) {
      if (context.getProperty(WRITER) instanceof Writer writer) {
        writer.cut(thrown);
      }
      throw thrown;
    }
  }
}
