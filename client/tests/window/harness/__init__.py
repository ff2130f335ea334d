"""What tests of the real window are made of: waiting, a display, servers, apps, the web page, the desktop's notifications."""

from .app import App
from .desktop import Desktop, outer_environment
from .server import Server
from .stage import Stage
from .waiting import PATIENCE, equal, until
