"""PortraitTalk on people and sentences it never saw: does each input steer what it should?"""
