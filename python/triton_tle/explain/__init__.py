"""How a compiled kernel is divided: read from the compiler's modules, shown as text, picture or JSON."""
