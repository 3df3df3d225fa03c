"""Prints what a screen reader gets of the window: one object a line, as JSON.

Asks over AT-SPI, on the session bus of the environment.
"""

import json
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib

MARKS = {
    "selected": Atspi.StateType.SELECTED,
    "checked": Atspi.StateType.CHECKED,
    "focused": Atspi.StateType.FOCUSED,
}


def turn_on():
    """Programs give their tree only while somebody asks for it."""
    on = ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True))
    Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(
        "org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set",
        GLib.Variant("(ssv)", on), None, Gio.DBusCallFlags.NONE, 10_000, None,
    )


def walk(node):
    """The objects of a window, each before those inside it."""
    states = node.get_state_set()
    marks = [name for name, state in MARKS.items() if states.contains(state)]
    yield {"role": node.get_role_name(), "name": node.get_name(), "marks": marks}
    for index in range(node.get_child_count()):
        child = node.get_child_at_index(index)
        if child is not None:
            yield from walk(child)


def windows():
    """The program, once it gives its tree."""
    desktop = Atspi.get_desktop(0)
    all_of = [desktop.get_child_at_index(index) for index in range(desktop.get_child_count())]
    return [one for one in all_of if one is not None and one.get_child_count() > 0]


turn_on()
Atspi.init()
until = time.monotonic() + 30
while not windows():
    if time.monotonic() > until:
        sys.exit("no program gave its tree")
    time.sleep(0.05)
for window in windows():
    for one in walk(window):
        print(json.dumps(one))
