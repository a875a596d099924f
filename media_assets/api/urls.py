"""What the library adds to `/api/v1/`."""

from media_assets.api.views import FolderViewSet, MediaViewSet
from videoserver.web.routers import Router

router = Router()
router.register("media", MediaViewSet, basename="media")
router.register("folders", FolderViewSet, basename="folder")
urlpatterns = router.urls
