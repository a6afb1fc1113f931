package dev.arbiter.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestWrapperTest {

  static Method[] whatARequestSays() {
    return Request.class.getMethods();
  }

  /** A default method that is forgotten here would hide what the worker knows. */
  @ParameterizedTest
  @MethodSource("whatARequestSays")
  void passesOn(Method method) throws Exception {
    Class<?> where =
        RequestWrapper.class
            .getMethod(method.getName(), method.getParameterTypes())
            .getDeclaringClass();
    assertThat(where).isEqualTo(RequestWrapper.class);
  }
}
