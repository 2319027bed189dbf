"""Use cases of the waiting page. `signin`: pages, forms and ways on. `lookout`: what waiters may have missed."""

from ipse.signin.service.signin import PATH, News, SignIn

__all__ = ["PATH", "News", "SignIn"]
