# What `cpack -G DEB` makes: one package with the module for every Lua that was built for, the command, its
# manual page and completions. What CPack does not know of Debian is done in debian-layout.cmake.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "lua-partnercenter maintainers <lua-partnercenter@users.noreply.github.com>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian-layout.cmake)
set(CPACK_DEBIAN_PACKAGE_NAME lua-partnercenter)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION interpreters)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE ${PROJECT_HOMEPAGE_URL})
list(JOIN BUILT_VERSIONS ", " built)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Partner Center client for Lua
Sets and follows the qualifications (education, government) of a partner's
customers in Microsoft Partner Center: one customer or many, from scripts, from
nginx without blocking the worker, and from the command line.

This package has the module for Lua ${built} (LuaJIT loads the one
for 5.1), the command partnercenter, and a sandbox to try scripts on.")

# libcurl and libmicrohttpd, by what the modules are linked to; the rest by what Lua requires. The command
# runs with the newest Lua.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "lua${newest}, lua-cjson, lua-argparse")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "lua-dbi-sqlite3, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "lua-dbi-postgresql, libnginx-mod-http-lua, lua-cqueues")
list(TRANSFORM BUILT_VERSIONS REPLACE "(.+)" "lua\\1-partnercenter" OUTPUT_VARIABLE provided)
list(JOIN provided ", " CPACK_DEBIAN_PACKAGE_PROVIDES)

include(CPack)
