// The page's policy allows no <style> elements. What Redoc would write into one goes into a constructed sheet instead,
// which the policy allows because only scripts of this site can make it.
(() => {
  "use strict";
  const create = document.createElement.bind(document);
  document.createElement = (name, options) => {
    if (String(name).toLowerCase() !== "style") return create(name, options);
    const stand = create("meta", options);
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
    stand.sheet = sheet;
    stand.appendChild = (node) => {
      if (node.data) sheet.replaceSync(node.data);
      return node;
    };
    return stand;
  };
})();
