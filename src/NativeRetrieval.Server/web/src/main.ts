import { Api } from './api';
import { byId } from './dom';
import { Page } from './page';

new Page(new Api(), byId('hits'));
