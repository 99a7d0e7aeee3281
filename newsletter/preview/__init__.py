"""A message as an operator looks at it before anybody gets it: everything on the page comes out of its bytes."""
