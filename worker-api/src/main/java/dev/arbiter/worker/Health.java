package dev.arbiter.worker;

/**
 * What a probe found.
 *
 * @param status of HTTP, as the app answered: below 400 it is well; 0 if it gave no answer
 * @param detail what went wrong; may be empty
 */
public record Health(int status, String detail) {

  /** The app is well. */
  public static final Health GOOD = new Health(200, "");

  /**
   * There is no answer, and this is why.
   *
   * @param why a few words, for the log
   * @return what counts as an app that is not well
   */
  public static Health none(String why) {
    return new Health(0, why);
  }
}
