// The API's page for reading. The search index needs a worker from a blob, which the page's policy does not allow.
(() => {
  "use strict";
  const place = document.getElementById("api");
  Redoc.init(place.dataset.openapi, { disableSearch: true, nativeScrollbars: true, hideDownloadButton: false }, place);
})();
