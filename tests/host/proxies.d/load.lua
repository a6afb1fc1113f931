-- For wrk: a GET and a POST in turn, each connection with a short pause of its own between two requests.
local body = string.rep("0123456789abcdef", 128)
local get = wrk.format("GET", "/")
local post

function init()
  get = wrk.format("GET", "/")
  post = wrk.format("POST", "/echo", { ["Content-Type"] = "text/plain" }, body)
end

local posts = false
function request()
  posts = not posts
  return posts and post or get
end

function delay()
  return math.random(0, 20)
end
