package dev.arbiter.tests;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * A test that must hold for both HTTP workers; its first parameter is the worker kind.
 *
 * <p>The fast tier runs each with one of them, the slow tier with the other: together with both.
 * Which is which hangs on the test's name, so that either tier meets both kinds. A test named on
 * the command line ({@code -Dtest}) with {@code -Dkinds=all} runs with both at once.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0}")
@ArgumentsSource(EachKind.Kinds.class)
@Tag("kinds")
@interface EachKind {

  /** Gives the kinds of the tier that runs. */
  final class Kinds implements ArgumentsProvider {
    private static final String[] KINDS = {"netty", "sync"};

    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      if (context.getTags().contains("slow") || "all".equals(System.getProperty("kinds"))) {
        return Stream.of(KINDS).map(Arguments::of);
      }
      int first = Math.floorMod(context.getRequiredTestMethod().getName().hashCode(), 2);
      boolean slowTier = "slow".equals(System.getProperty("tier"));
      return Stream.of(Arguments.of(KINDS[slowTier ? 1 - first : first]));
    }
  }
}
