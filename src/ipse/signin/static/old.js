// For browsers that run scripts but know no modules: the page as it is without scripts. Written as they read it.
(function () {
  function go() {
    var page = document.getElementById("signin");
    if (page) {
      window.location.replace(page.getAttribute("data-here") + "?plain=1&lang=" + document.documentElement.lang);
    } else {
      window.setTimeout(go, 50);
    }
  }
  go();
})();
